/*
 * doctor_process - what stands between heapring and a process that runs already
 */
#include "analyzer/launch/doctor_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "analyzer/profile/report.h"
#include "analyzer/segment/target.h"

#define ROOM_LEAST (8ull << 20) /* what a middle-sized program's segment takes */

void doctor_find(struct doctor_findings *findings, const char *name,
		 enum doctor_status status, const char *format, ...)
{
	struct doctor_finding *finding = &findings->list[findings->count];
	va_list args;

	if (findings->count == DOCTOR_FINDINGS_MAX)
		return;
	findings->count++;
	finding->name = name;
	finding->status = status;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
	for (char *c = finding->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
}

/* Reads a file of /proc/PID; the length, or -1. */
static ssize_t read_proc(uint32_t pid, const char *name, char *text, size_t room)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, text, room - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got;
}

bool doctor_process_exists(uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return access(path, F_OK) == 0;
}

/* The number after "NAME:" in /proc/PID/status, or -1. */
static long status_field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

static void find_restart(uint32_t pid, struct doctor_findings *findings)
{
	char command[400];
	ssize_t length = read_proc(pid, "cmdline", command, sizeof(command));

	for (ssize_t i = 0; i + 1 < length; i++)
		if (command[i] == '\0')
			command[i] = ' ';
	doctor_find(findings, "start again", DOCTOR_NOTE, "heapring run -- %s%s",
		    length > 0 ? command : "PROGRAM",
		    length == (ssize_t)sizeof(command) - 1 ? "..." : "");
}

static bool maps_shim(uint32_t pid)
{
	char path[64];
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	maps = fopen(path, "re");
	while (maps && !found && getline(&line, &room, maps) > 0)
		found = strstr(line, "/libheapring.so") != NULL;
	free(line);
	if (maps)
		fclose(maps);
	return found;
}

/* Another malloc comes first, and so nothing was ever counted. */
static bool is_empty(const struct heapring_header *header)
{
	return *header->preceding && header->nodes_used <= HR_NODE_FIRST;
}

static bool find_segment(uint32_t pid, struct doctor_findings *findings)
{
	char name[16], mode[64];
	struct target target;
	struct fault fault;

	snprintf(name, sizeof(name), "%u", pid);
	if (target_open(name, &target, &fault) == 0) {
		bool live = target_is_live(&target);

		report_mode(&target.header, mode, sizeof(mode));
		if (live && is_empty(&target.header))
			doctor_find(findings, "profiled", DOCTOR_BAD,
				    "nothing is counted: malloc of %s comes before the "
				    "shim's; "
				    "libheapring.so has to be the first in LD_PRELOAD",
				    target.header.preceding);
		else if (live)
			doctor_find(findings, "profiled", DOCTOR_OK, "yes, %s, in %s",
				    mode, target.path);
		else
			doctor_find(findings, "profiled", DOCTOR_BAD,
				    "no longer: %s is of an image that was replaced by "
				    "another program",
				    target.path);
		live = live && !is_empty(&target.header);
		target_close(&target);
		return live;
	}
	if (maps_shim(pid))
		doctor_find(
			findings, "profiled", DOCTOR_BAD,
			"it has libheapring.so loaded, but no segment in %s: it was "
			"told not to (HEAPRING_FOLLOW, HEAPRING_ONLY), had no room, or "
			"keeps it elsewhere (set HEAPRING_DIR)",
			segment_dir_path());
	else
		doctor_find(findings, "profiled", DOCTOR_BAD,
			    "no, and the shim cannot be put into a process that runs");
	find_restart(pid, findings);
	return false;
}

static void find_owner(uint32_t pid, const char *status, struct doctor_findings *findings)
{
	long uid = status_field(status, "\nUid:");
	char maps[8];

	if (uid >= 0 && (uid_t)uid != geteuid() && geteuid() != 0)
		doctor_find(findings, "owner", DOCTOR_BAD,
			    "user %ld, not you (%u): its segment cannot be read; try as "
			    "root",
			    uid, (unsigned)geteuid());
	else
		doctor_find(findings, "owner", DOCTOR_OK, "user %ld", uid);
	if (read_proc(pid, "maps", maps, sizeof(maps)) < 0)
		doctor_find(findings, "ptrace access", DOCTOR_BAD,
			    "its mappings may not be read (%s)", strerror(errno));
	else
		doctor_find(findings, "ptrace access", DOCTOR_OK,
			    "its mappings may be read");
}

static bool other_namespace(uint32_t pid, const char *kind)
{
	char path[64], self[64];
	struct stat theirs, ours;

	snprintf(path, sizeof(path), "/proc/%u/ns/%s", pid, kind);
	snprintf(self, sizeof(self), "/proc/self/ns/%s", kind);
	return stat(path, &theirs) == 0 && stat(self, &ours) == 0 &&
	       theirs.st_ino != ours.st_ino;
}

static void find_namespaces(uint32_t pid, const char *status,
			    struct doctor_findings *findings)
{
	const char *line = strstr(status, "\nNSpid:");
	const char *end = line ? strchr(line + 1, '\n') : NULL;
	bool mount = other_namespace(pid, "mnt"), pids = other_namespace(pid, "pid");
	long inner = pid;

	for (const char *at = end; pids && at && at > line; at--)
		if (at[-1] == '\t') {
			inner = strtol(at, NULL, 10);
			break;
		}
	if (pids)
		doctor_find(findings, "pid namespace", DOCTOR_NOTE,
			    "another one: there it is process %ld, and its segment is "
			    "named so",
			    inner);
	if (mount)
		doctor_find(findings, "mount namespace", DOCTOR_NOTE,
			    "another one (a container): its segment is in "
			    "/proc/%u/root%s; set HEAPRING_DIR to that",
			    pid, segment_dir_path());
	if (!mount && !pids)
		doctor_find(findings, "namespaces", DOCTOR_OK, "the same as ours");
}

static void find_seccomp(const char *status, struct doctor_findings *findings)
{
	long mode = status_field(status, "\nSeccomp:");

	if (mode == 0)
		doctor_find(findings, "seccomp", DOCTOR_OK, "none");
	else if (mode > 0)
		doctor_find(findings, "seccomp", DOCTOR_NOTE,
			    "%s: a segment does not grow in there, so what came before "
			    "is all the room there is",
			    mode == 1 ? "strict" : "a filter");
}

bool doctor_process(uint32_t pid, struct doctor_findings *findings)
{
	bool profiled = find_segment(pid, findings);
	char status[4096];

	if (read_proc(pid, "status", status, sizeof(status)) > 0) {
		find_owner(pid, status, findings);
		find_namespaces(pid, status, findings);
		find_seccomp(status, findings);
	}
	return profiled;
}

void doctor_segment_dir(const char *dir, struct doctor_findings *findings)
{
	struct statvfs fs;
	uint64_t room;

	if (statvfs(dir, &fs) != 0) {
		doctor_find(findings, "segments", DOCTOR_BAD,
			    "%s: %s; set HEAPRING_DIR to a folder in memory", dir,
			    strerror(errno));
		return;
	}
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (access(dir, W_OK | X_OK) != 0)
		doctor_find(findings, "segments", DOCTOR_BAD,
			    "%s is not writable for you: %s; set HEAPRING_DIR", dir,
			    strerror(errno));
	else
		doctor_find(findings, "segments",
			    room < ROOM_LEAST ? DOCTOR_BAD : DOCTOR_OK, "%s, %s free%s",
			    dir, units_bytes(room).text,
			    room < ROOM_LEAST
				    ? ": too little; set HEAPRING_DIR or make it larger"
				    : "");
}

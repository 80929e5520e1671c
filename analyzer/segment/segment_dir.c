/*
 * segment_dir - the segments that lie in $HEAPRING_DIR or /dev/shm
 *
 * The directory is writable by everybody, so a name there proves nothing: files
 * are opened with O_NOFOLLOW and O_NONBLOCK and their owner is checked on the
 * open descriptor.
 *
 * Liveness. A live process maps its segment, and /proc/PID/maps shows the
 * file's path (or its inode, when the directory is seen under another name). Where maps
 * may not be read (a process that made itself undumpable) the start time of the process,
 * which the header repeats, decides. The number in a segment's name is that of the
 * process's own PID namespace; when no process here has it, or another one, those are
 * looked through that are known by it elsewhere.
 */
#include "analyzer/segment/segment_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "analyzer/machine/namespace_pid.h"

const char *segment_dir_path(void)
{
	const char *dir = getenv("HEAPRING_DIR");

	return dir && *dir ? dir : HEAPRING_DIR;
}

bool segment_name_parse(const char *path, struct segment_name *ret_name)
{
	const char *base = strrchr(path, '/');
	unsigned long long start;
	unsigned pid;
	int end = 0;

	base = base ? base + 1 : path;
	if (sscanf(base, HEAPRING_PREFIX "%u.%llu%n", &pid, &start, &end) != 2 ||
	    base[end] != '\0' || strlen(path) >= sizeof(ret_name->path))
		return false;
	ret_name->pid = pid;
	ret_name->start_unix_ns = start;
	strcpy(ret_name->path, path);
	return true;
}

static int by_pid_then_start(const void *a, const void *b)
{
	const struct segment_name *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->start_unix_ns > y->start_unix_ns) -
	       (x->start_unix_ns < y->start_unix_ns);
}

static int append_name(struct segment_name **names, size_t *count, const char *dir,
		       const char *base)
{
	char path[PATH_MAX];
	struct segment_name name;
	struct segment_name *grown;

	if (snprintf(path, sizeof(path), "%s/%s", dir, base) >= (int)sizeof(path) ||
	    !segment_name_parse(path, &name))
		return 0;
	if ((*count & (*count + 1)) == 0) { /* room for 1, 3, 7, 15, ... */
		grown = realloc(*names, (*count * 2 + 1) * sizeof(**names));
		if (!grown)
			return -ENOMEM;
		*names = grown;
	}
	(*names)[(*count)++] = name;
	return 0;
}

int segment_dir_list(const char *dir, struct segment_name **ret_names, size_t *ret_count,
		     struct fault *fault)
{
	struct segment_name *names = NULL;
	size_t count = 0;
	struct dirent *entry;
	DIR *stream = opendir(dir);
	int r = 0;

	if (!stream && errno != ENOENT)
		return fault_set(fault, FAULT_INPUT, -errno, "cannot list %s: %s", dir,
				 strerror(errno));
	while (stream && r == 0 && (entry = readdir(stream)))
		r = append_name(&names, &count, dir, entry->d_name);
	if (stream)
		closedir(stream);
	if (r < 0) {
		free(names);
		return fault_set(fault, FAULT_INPUT, r,
				 "out of memory for the list of %s", dir);
	}
	if (count > 0)
		qsort(names, count, sizeof(*names), by_pid_then_start);
	*ret_names = names;
	*ret_count = count;
	return 0;
}

int segment_dir_open(const char *path, struct fault *fault)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ELOOP)
		return fault_set(fault, FAULT_INPUT, -EPERM,
				 "%s is a symbolic link; segments never are", path);
	if (fd < 0)
		return fault_set(fault, FAULT_INPUT, -errno, "cannot open %s: %s", path,
				 strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fault_set(fault, FAULT_INPUT, -EINVAL, "%s is not a regular file",
				 path);
	}
	if (st.st_uid != geteuid() && geteuid() != 0) {
		close(fd);
		return fault_set(
			fault, FAULT_INPUT, -EPERM,
			"%s belongs to user %u, not to you; name the file itself "
			"if you trust it",
			path, (unsigned)st.st_uid);
	}
	return fd;
}

/* The user that a process belongs to; false when there is no such process. */
static bool process_owner(uint32_t pid, uid_t *ret_uid)
{
	char name[64];
	char *line = NULL;
	size_t room = 0;
	unsigned uid;
	bool found = false;
	FILE *status;

	snprintf(name, sizeof(name), "/proc/%" PRIu32 "/status", pid);
	status = fopen(name, "re");
	while (status && !found && getline(&line, &room, status) > 0)
		found = sscanf(line, "Uid: %u", &uid) == 1;
	free(line);
	if (status)
		fclose(status);
	if (found)
		*ret_uid = uid;
	return found;
}

/* Root opens everybody's files, so for root the owner must fit the process. */
static bool is_genuine(const struct segment_name *name, struct fault *fault)
{
	int fd = segment_dir_open(name->path, fault);
	bool genuine = fd >= 0;
	struct stat st;
	uid_t uid;

	if (fd < 0)
		return false;
	if (geteuid() == 0 && fstat(fd, &st) == 0 && process_owner(name->pid, &uid) &&
	    st.st_uid != uid && st.st_uid != 0) {
		genuine = false;
		fault_set(fault, FAULT_INPUT, -EPERM,
			  "%s belongs to user %u, but process %u to user %u; name the "
			  "file itself if you trust it",
			  name->path, (unsigned)st.st_uid, name->pid, (unsigned)uid);
	}
	close(fd);
	return genuine;
}

/* What somebody else put there under that pid does not hide the real one. */
int segment_dir_find(const char *dir, uint32_t pid, struct segment_name *ret_name,
		     struct fault *fault)
{
	struct segment_name *names;
	size_t count;
	bool found = false, refused = false;
	int r = segment_dir_list(dir, &names, &count, fault);

	if (r < 0)
		return r;
	for (size_t i = count; i > 0 && !found; i--) { /* the last is the newest */
		if (names[i - 1].pid != pid)
			continue;
		found = is_genuine(&names[i - 1], fault);
		refused |= !found;
		if (found)
			*ret_name = names[i - 1];
	}
	free(names);
	if (found)
		return 0;
	if (refused)
		return -EPERM;
	return fault_set(fault, FAULT_TARGET, -ENOENT,
			 "process %u is not profiled: %s holds no segment of it", pid,
			 dir);
}

/* Compares device and inode: maps may show the path of another mount. */
static bool line_maps(const char *line, const char *path, const struct stat *st)
{
	unsigned dev_major, dev_minor;
	unsigned long inode;
	size_t line_length = strcspn(line, "\n"), path_length = strlen(path);

	if (line_length > path_length &&
	    strncmp(line + line_length - path_length, path, path_length) == 0)
		return true;
	return st &&
	       sscanf(line, "%*s %*s %*s %x:%x %lu", &dev_major, &dev_minor, &inode) ==
		       3 &&
	       inode == st->st_ino && makedev(dev_major, dev_minor) == st->st_dev;
}

/* 1 or 0, or a negative errno when the process's maps cannot be read. */
static int process_maps(uint32_t pid, const char *path)
{
	char name[64];
	char *line = NULL;
	size_t room = 0;
	struct stat st;
	bool known = stat(path, &st) == 0;
	bool found = false;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%" PRIu32 "/maps", pid);
	maps = fopen(name, "re");
	if (!maps)
		return -errno;
	errno = 0;
	while (!found && getline(&line, &room, maps) > 0)
		found = line_maps(line, path, known ? &st : NULL);
	free(line);
	known = ferror(maps) == 0;
	fclose(maps);
	return known ? found : -EACCES;
}

static bool maps_path(void *path, uint32_t pid)
{
	return process_maps(pid, path) == 1;
}

bool segment_is_mapped(uint32_t pid, const char *path)
{
	return process_maps(pid, path) == 1 ||
	       namespace_pid_any(pid, maps_path, (void *)(uintptr_t)path);
}

/* Does it end, or did it, and waits for its parent? flags is the kernel's PF_EXITING. */
static bool is_over(const char *after_name)
{
	unsigned flags;
	char state;

	return sscanf(after_name, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) == 2 &&
	       (state == 'Z' || state == 'X' || (flags & 4) != 0);
}

/* Field 22 of /proc/PID/stat; 0 when there is no such process, or it is over. */
static uint64_t process_start_ticks(uint32_t pid)
{
	char name[64], text[1024];
	unsigned long long ticks = 0;
	const char *at;
	size_t got;
	FILE *stream;

	snprintf(name, sizeof(name), "/proc/%" PRIu32 "/stat", pid);
	stream = fopen(name, "re");
	if (!stream)
		return 0;
	got = fread(text, 1, sizeof(text) - 1, stream);
	fclose(stream);
	text[got] = '\0';
	at = strrchr(text, ')'); /* the name before it may hold anything */
	if (at && is_over(at))
		return 0;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at, NULL, 10);
	return ticks;
}

static bool is_alive(const struct heapring_header *header, const char *path)
{
	int maps = process_maps(header->pid, path);

	if (maps > 0 ||
	    (maps == -EACCES && process_start_ticks(header->pid) == header->start_ticks))
		return true;
	return namespace_pid_any(header->pid, maps_path, (void *)(uintptr_t)path);
}

/* Did the same process begin another image after this one? */
static bool was_replaced(const struct heapring_header *header, const char *path)
{
	struct segment_name self, newest;
	struct heapring_header other;
	struct fault ignored;
	char dir[PATH_MAX];
	bool same = false;
	int fd;

	if (!segment_name_parse(path, &self))
		return false;
	snprintf(dir, sizeof(dir), "%.*s",
		 (int)(strrchr(path, '/') ? strrchr(path, '/') - path : 0), path);
	if (segment_dir_find(*dir ? dir : ".", self.pid, &newest, &ignored) < 0 ||
	    newest.start_unix_ns <= self.start_unix_ns)
		return false;
	fd = segment_dir_open(newest.path, &ignored);
	if (fd >= 0) {
		same = pread(fd, &other, sizeof(other), 0) == sizeof(other) &&
		       other.magic == HEAPRING_MAGIC &&
		       other.start_ticks == header->start_ticks;
		close(fd);
	}
	return same;
}

enum segment_life segment_life(const struct heapring_header *header, const char *path)
{
	switch (header->state) {
	case HR_STATE_EXITED:
		return SEGMENT_EXITED;
	case HR_STATE_EXECED:
		return SEGMENT_EXECED;
	case HR_STATE_SIGNALED:
		return SEGMENT_KILLED;
	default:
		break;
	}
	if (header->kind == 1 || is_alive(header, path))
		return SEGMENT_LIVE;
	/* the process goes on without mapping it: as a program that is not profiled */
	if (header->start_ticks &&
	    process_start_ticks(header->pid) == header->start_ticks)
		return SEGMENT_EXECED;
	return was_replaced(header, path) ? SEGMENT_EXECED : SEGMENT_KILLED;
}

const char *segment_life_name(enum segment_life life)
{
	static const char *const names[] = { "live", "exited", "killed", "execed" };

	return names[life];
}

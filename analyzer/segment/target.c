/*
 * target - what a user named: a dump file, a pid, or a segment file
 *
 * A file that the user names by path is the user's choice: links are followed
 * and the owner is not asked. A file that is found by pid lies in a directory
 * that anybody may write, and segment_dir.c is strict about it.
 */
#include "analyzer/segment/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/segment/segment_map.h"

static bool is_pid(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return digits > 0 && digits < 10 && name[digits] == '\0';
}

static int open_file(const char *name, struct fault *fault)
{
	struct stat st;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return fault_set(fault, FAULT_INPUT, -errno, "cannot open %s: %s", name,
				 strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return fault_set(fault, FAULT_INPUT, -EINVAL,
			 "%s is not a regular file; a dump or a segment is", name);
}

/* One line that tells what to do about a pid without a segment. */
static int explain_missing(uint32_t pid, struct fault *fault)
{
	char proc[64];

	snprintf(proc, sizeof(proc), "/proc/%u", pid);
	if (access(proc, F_OK) == 0)
		return fault_set(
			fault, FAULT_TARGET, -ENOENT,
			"process %u is not profiled; start it with `heapring run -- "
			"PROGRAM` (`heapring ps` lists those that are)",
			pid);
	return fault_set(
		fault, FAULT_TARGET, -ESRCH,
		"there is no process %u and no segment of it in %s; `heapring ps` "
		"lists what there is",
		pid, segment_dir_path());
}

static int finish(int fd, struct target *target, struct fault *fault)
{
	int r = segment_map_header(fd, target->path, &target->header, fault);
	struct segment_name name;

	if (r == -EAGAIN && segment_name_parse(target->path, &name) &&
	    !segment_is_mapped(name.pid, target->path))
		r = fault_set(
			fault, FAULT_INPUT, -ENODATA,
			"%s is empty: its process ended before it could fill it in; "
			"`heapring clean` removes it",
			target->path);
	if (r < 0) {
		close(fd);
		return r;
	}
	target->fd = fd;
	target->life = segment_life(&target->header, target->path);
	return 0;
}

int target_open_segment(const char *path, struct target *ret_target, struct fault *fault)
{
	int fd = segment_dir_open(path, fault);

	if (fd < 0)
		return fd;
	snprintf(ret_target->path, sizeof(ret_target->path), "%s", path);
	return finish(fd, ret_target, fault);
}

static int open_pid(uint32_t pid, struct target *ret_target, struct fault *fault)
{
	struct segment_name name;
	int r = segment_dir_find(segment_dir_path(), pid, &name, fault);

	if (r == -ENOENT)
		return explain_missing(pid, fault);
	if (r < 0)
		return r;
	return target_open_segment(name.path, ret_target, fault);
}

int target_open(const char *name, struct target *ret_target, struct fault *fault)
{
	int fd;

	if (is_pid(name) && access(name, F_OK) != 0)
		return open_pid((uint32_t)strtoul(name, NULL, 10), ret_target, fault);
	fd = open_file(name, fault);
	if (fd < 0)
		return fd;
	/* maps of a process show absolute paths */
	if (!realpath(name, ret_target->path))
		snprintf(ret_target->path, sizeof(ret_target->path), "%s", name);
	return finish(fd, ret_target, fault);
}

void target_close(struct target *target)
{
	if (target->fd >= 0)
		close(target->fd);
	target->fd = -1;
}

bool target_is_live(const struct target *target)
{
	return target->life == SEGMENT_LIVE && target->header.kind == 0;
}

/*
 * segment_dir - the segments that lie in $HEAPRING_DIR or /dev/shm
 *
 * Contract
 *   - only files named heapring.<pid>.<start> that are regular, not symbolic
 *     links, and owned by the caller (or anyone's, for root) are ever opened;
 *   - a listing is ordered by pid and, for one pid, oldest first;
 *   - liveness is judged by what the process maps, so neither a reused pid nor
 *     an image that was replaced by exec passes for alive.
 */
#ifndef ANALYZER_SEGMENT_SEGMENT_DIR_H
#define ANALYZER_SEGMENT_SEGMENT_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "analyzer/console/fault.h"

struct segment_name {
	uint32_t pid;
	uint64_t start_unix_ns;
	char path[PATH_MAX];
};

/* How a process stands, as `ps` and the JSON say it. */
enum segment_life {
	SEGMENT_LIVE,
	SEGMENT_EXITED,
	SEGMENT_KILLED,
	SEGMENT_EXECED,
};

const char *segment_dir_path(void);

/* Parses the last part of a path; false when it is not named as a segment. */
bool segment_name_parse(const char *path, struct segment_name *ret_name);

/* *ret_names needs free(). A directory that is not there holds none. */
int segment_dir_list(const char *dir, struct segment_name **ret_names, size_t *ret_count,
		     struct fault *fault);

/* The newest segment of that pid that may be opened. -ENOENT: none; -EPERM: only such
 * as may not, and the fault says why. */
int segment_dir_find(const char *dir, uint32_t pid, struct segment_name *ret_name,
		     struct fault *fault);

/* Returns an open file descriptor, or a negative errno. */
int segment_dir_open(const char *path, struct fault *fault);

/* A dump that was taken from a live process says SEGMENT_LIVE: it was then. */
enum segment_life segment_life(const struct heapring_header *header, const char *path);
/* Does the process, whoever it is by now, map that file? */
bool segment_is_mapped(uint32_t pid, const char *path);
const char *segment_life_name(enum segment_life life);

#endif

/*
 * target - what a user named: a dump file, a pid, or a segment file
 *
 * Contract
 *   - a name made of digits is a pid unless a file of that name exists;
 *   - the error line tells a process that is not profiled from one that does
 *     not exist, and a missing file from one that may not be read.
 */
#ifndef ANALYZER_SEGMENT_TARGET_H
#define ANALYZER_SEGMENT_TARGET_H

#include <limits.h>
#include <stdbool.h>

#include "analyzer/console/fault.h"
#include "analyzer/segment/segment_dir.h"

struct target {
	int fd;
	char path[PATH_MAX];
	struct heapring_header header; /* as it was when the target was opened */
	enum segment_life life;
};

int target_open(const char *name, struct target *ret_target, struct fault *fault);

/* Takes over nothing: for files that a listing found. */
int target_open_segment(const char *path, struct target *ret_target, struct fault *fault);
void target_close(struct target *target);

/* True when the process may be writing while we read. */
bool target_is_live(const struct target *target);

#endif

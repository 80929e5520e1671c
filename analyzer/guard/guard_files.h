/*
 * guard_files - the dumps that a guard keeps: bounded in number and bytes
 *
 * Contract
 *   - a dump is named guard.<pid>.<number>.<reason>.dump, the numbers of one guard rise;
 *     it appears complete or not at all;
 *   - past the bounds the oldest of this guard's own dumps are removed, never a file
 *     that it did not write, and never the newest.
 */
#ifndef ANALYZER_GUARD_GUARD_FILES_H
#define ANALYZER_GUARD_GUARD_FILES_H

#include "analyzer/segment/target.h"

#define GUARD_KEEP_MAX 1000

struct guard_file {
	char *path;
	uint64_t bytes;
};

struct guard_files {
	const char *folder;
	long keep;
	uint64_t keep_bytes;
	unsigned written;         /* ever */
	struct guard_file *files; /* the oldest first */
	size_t count;
};

/* reason: a few letters for the name. path of the new dump, valid until the next call. */
int guard_files_add(struct guard_files *files, const struct target *target,
		    const char *reason, const char **ret_path, uint64_t *ret_bytes,
		    struct fault *fault);
void guard_files_done(struct guard_files *files);

#endif

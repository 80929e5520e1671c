/*
 * run_family - the segments that one `heapring run` left behind
 *
 * Contract
 *   - the program's own segment is the newest of its pid that began since the
 *     run did; its children are found by parent pid, over any number of
 *     generations, each again by its newest segment;
 *   - run_family_mark() writes how the program ended into a segment that does
 *     not say so itself.
 */
#ifndef ANALYZER_LAUNCH_RUN_FAMILY_H
#define ANALYZER_LAUNCH_RUN_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/launch/launch.h"
#include "analyzer/segment/segment_dir.h"

#define RUN_CHILD_NAME 64u

/* Of all that the program started, the process that held the most. */
struct run_child {
	uint32_t pid;
	uint64_t peak; /* bytes */
	char name[RUN_CHILD_NAME];
};

struct run_family {
	struct segment_name *members; /* the program first, if it has a segment */
	size_t count;
	bool has_program;
	struct run_child largest; /* pid 0: there are no children */
};

int run_family_find(const char *dir, const struct launch_result *result,
		    struct run_family *ret_family, struct fault *fault);
void run_family_done(struct run_family *family);

/* resident: what a killed one had a moment ago; 0 not known. */
void run_family_mark(const struct segment_name *segment,
		     const struct launch_result *result, uint64_t resident);

#endif

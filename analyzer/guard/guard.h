/*
 * guard - watches one profiled process from outside and keeps dumps of bad moments
 *
 * Why it exists: what matters is how memory stood before the limit, and at three in the
 * morning nobody types `heapring dump`. A guard is a process of its own, so it may do
 * what the shim in the target may not: write files, run commands, outlive the target.
 *
 * Contract
 *   - a dump is taken when a level is reached, when the health check begins to fail, and
 *     when the process was killed; the segment is held open from the start, so the last
 *     one works even when its file was removed;
 *   - after each dump `after` is run with HEAPRING_DUMP, HEAPRING_PID and
 *     HEAPRING_REASON set, unless the last one still runs, which is said;
 *   - a failed dump is said and the watch goes on.
 */
#ifndef ANALYZER_GUARD_GUARD_H
#define ANALYZER_GUARD_GUARD_H

#include "analyzer/guard/guard_command.h"
#include "analyzer/guard/guard_files.h"
#include "analyzer/guard/guard_level.h"

struct guard {
	struct target target;
	struct guard_levels levels;
	struct guard_files files;
	struct guard_command after, check;
	double every_s, check_every_s;
	double for_s; /* 0: until the process ends */
	/* what happened */
	unsigned events;
	bool was_killed;
	struct fault failure; /* status FAULT_NONE: every dump was written */
};

/* Returns when the process ended, its time is over or SIGINT or SIGTERM came. */
void guard_watch(struct guard *guard);

#endif

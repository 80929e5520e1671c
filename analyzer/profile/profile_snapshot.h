/*
 * profile_snapshot - a profile as it was when a level of memory was reached
 *
 * "PID@85%" names the snapshot that HEAPRING_SNAPSHOT_AT=85% took in that process
 * (segment.h), so that views, exports and differences take it like any TARGET.
 *
 * Contract
 *   - a snapshot has the four figures of every stack; not its sizes, lifetimes, threads,
 *     history or peak: who wants these gets a fault, or without them with if_there;
 *   - a file whose name has an @ in it is that file;
 *   - an unknown name is a fault that lists the snapshots there are.
 */
#ifndef ANALYZER_PROFILE_PROFILE_SNAPSHOT_H
#define ANALYZER_PROFILE_PROFILE_SNAPSHOT_H

#include "analyzer/profile/profile.h"

struct profile_snapshot {
	char name[HR_SNAPSHOT_NAME];
	uint64_t at_ns;    /* since the start */
	uint64_t sweep_ns; /* its figures may be so much younger */
	uint64_t level;    /* bytes */
	uint64_t resident; /* of the process then; 0: not known */
	uint32_t sites;    /* that are in it */
	uint32_t left_out; /* stacks that did not fit */
};

/* "1234@85%": the name after the @, and what is before it in base; NULL: none. */
const char *profile_snapshot_split(const char *name, char *base, size_t room);

/* Are these figures that a snapshot has? Clears what is wanted if_there only. */
int profile_snapshot_check(struct profile_wants *wants, const char *name,
			   struct fault *fault);

/* Makes a loaded profile what it was then. */
int profile_snapshot_apply(struct profile *profile, const struct target *target,
			   const char *name, struct fault *fault);

#endif

/*
 * control_group - the memory group that a process would be killed by
 *
 * Contract
 *   - of all groups from the process's own up to the root, the one with the lowest
 *     limit; where none has a limit, the process's own. Both versions of cgroups, and
 *     containers that see only their own part of the tree;
 *   - use counts what the kernel counts, page cache too; `reclaimable` is the part
 *     that the kernel drops before it kills (inactive file pages);
 *   - has_use is false when there is no such group, or no cgroups at all.
 */
#ifndef ANALYZER_MACHINE_CONTROL_GROUP_H
#define ANALYZER_MACHINE_CONTROL_GROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "analyzer/machine/machine_memory.h"

struct control_group {
	char name[PATH_MAX];   /* as /proc/PID/cgroup shows it, "/" the root */
	char folder[PATH_MAX]; /* where its files are */
	bool has_use;
	bool is_old; /* version 1 */
	uint64_t use, reclaimable;
	uint64_t limit; /* 0 none */
	uint64_t high; /* memory.high of version 2, above which it is held back; 0 none */
	uint64_t held_back; /* how often it was, since the group was made */
	bool has_kills;
	uint64_t kills; /* by the OOM killer, in this group and below */
	bool has_pressure;
	struct memory_pressure pressure;
};

void control_group_read(uint32_t pid, struct control_group *ret_group);

/* The same group's figures as they are now. */
void control_group_refresh(struct control_group *group);

/* The use, reclaimable part left out. */
uint64_t control_group_used(const struct control_group *group);

#endif

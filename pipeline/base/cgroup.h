/*
 * cgroup - how much memory this process's control group allows
 *
 * Contract
 *   - the lowest limit of the group and of all groups above it, 0 when none has one;
 *   - both versions of the interface; membership is the text of /proc/self/cgroup and
 *     mount the folder where the groups are mounted.
 */
#ifndef PIPELINE_CGROUP_H
#define PIPELINE_CGROUP_H

#include <stddef.h>

size_t cgroup_memory_limit(const char *membership, const char *mount);

/* The same for this process. */
size_t cgroup_memory_limit_here(void);

#endif

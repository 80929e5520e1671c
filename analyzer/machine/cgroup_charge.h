/*
 * cgroup_charge - what a memory control group is charged with
 *
 * Why it exists: the limit that kills is not of RSS. A group pays for the page cache,
 * tmpfs and the kernel's own memory, of all its processes; and not for pages of files
 * that somebody else brought in first.
 *
 * Contract
 *   - of the process's own group, or the nearest one above it that is visible here;
 *     both versions of cgroups; -ENOENT when there is none;
 *   - parts add up to `use` with `rest`, which is below 0 when they were read later.
 */
#ifndef ANALYZER_MACHINE_CGROUP_CHARGE_H
#define ANALYZER_MACHINE_CGROUP_CHARGE_H

#include <limits.h>
#include <stdint.h>

struct cgroup_charge {
	unsigned version;
	char path[PATH_MAX]; /* of the group's folder */
	uint64_t use, limit; /* limit 0: none */
	uint32_t processes;
	uint64_t anonymous; /* of all its processes */
	uint64_t cache;     /* pages of files, without tmpfs */
	uint64_t shared;    /* tmpfs and shared memory */
	uint64_t kernel;
	int64_t rest;
};

int cgroup_charge_read(uint32_t pid, struct cgroup_charge *ret_charge);

#endif

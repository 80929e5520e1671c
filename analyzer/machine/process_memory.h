/*
 * process_memory - what the kernel says of a process's memory
 *
 * Contract
 *   - 0 stands for unknown and, with the limit, for none;
 *   - the cgroup's limit is the lowest on the way up from the process's own group,
 *     and the use is that of the group which has it; without any limit the use is
 *     that of the process's own group. Both versions of cgroups.
 */
#ifndef ANALYZER_MACHINE_PROCESS_MEMORY_H
#define ANALYZER_MACHINE_PROCESS_MEMORY_H

#include <stdint.h>

struct process_memory {
	uint64_t resident;
	uint64_t cgroup_use;
	uint64_t cgroup_limit;
};

uint64_t process_resident(uint32_t pid);
void process_memory_read(uint32_t pid, struct process_memory *ret_memory);

#endif

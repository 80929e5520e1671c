/*
 * thread_stacks - where the stacks of a process's threads lie
 *
 * Of each thread /proc/PID/task/TID/syscall tells the stack pointer while it sleeps; no
 * thread is stopped. A stack that glibc made ends with the thread's own record, which
 * points at itself in two places: that is its upper end, for the kernel merges the
 * mapping with whatever lies above. Stacks that glibc keeps for later threads have the
 * same record, above a guard area, and the size of one that lives.
 *
 * Contract
 *   - claims SPACE_STACK in the address space; `alive` of `threads` were found, the
 *     first thread's among them, and `kept` ones of threads that ended;
 *   - a thread that runs whenever it is looked at is found as kept ones are.
 */
#ifndef ANALYZER_RESIDENT_THREAD_STACKS_H
#define ANALYZER_RESIDENT_THREAD_STACKS_H

#include "analyzer/resident/address_space.h"

struct thread_stacks {
	uint32_t threads;
	uint32_t alive;
	uint32_t kept;
};

/* 0 or -ENOMEM. */
int thread_stacks_claim(uint32_t pid, const struct memory_map *map,
			struct address_space *space, struct thread_stacks *ret_stacks);

#endif

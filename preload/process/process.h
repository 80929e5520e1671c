/*
 * process - what everybody may ask about the profiled process
 *
 * Contract
 *   - process_ready() is true when this address space has a segment of its own
 *     and threads may attach; the first call makes it, and so does the first
 *     call in a fork child. It is false, for good, in a process that is not to
 *     be profiled or cannot be (process_off()). The one thing here that is done
 *     above: life.c has it, for a thread's first event begins its process;
 *   - nothing here is called on the hot path.
 */
#ifndef PRELOAD_PROCESS_H
#define PRELOAD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/process/config.h"

/* Written by life.c alone, while the process starts. */
struct process {
	struct config config;
	uint64_t stack_limit;
	uint32_t pid; /* of who began this address space, or the last one */
	bool off;     /* not profiled, and neither are fork children */
};
extern struct process process_self __attribute__((visibility("hidden")));

bool process_ready(void);
bool process_off(void);
const struct config *process_config(void);

/* False in a vfork child, or who else shares the memory of the profiled process: it must
 * neither end that nor judge by its own number which threads live. */
bool process_owns_space(void);

/* The range in which the main thread's stack may lie. */
void process_main_stack(uintptr_t *ret_lo, uintptr_t *ret_hi);

/* Has the process entered a seccomp sandbox? Then no system call may be made. */
bool process_sandboxed(void);

/* It is about to: takes a last reserve of segment pages. */
void process_enter_sandbox(void);

#endif

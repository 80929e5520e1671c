/*
 * process - the life of the profiled process: start, fork, exit
 *
 * Contract
 *   - process_ready() is true when this address space has a segment of its own
 *     and threads may attach; the first call makes it, and so does the first
 *     call in a fork child. It is false, for good, in a process that is not to
 *     be profiled or cannot be (process_off()); then one line on stderr has said
 *     why, unless the user asked for it;
 *   - process_finish() leaves a segment that says how the process ended, a
 *     dump if HEAPRING_OUTPUT asked for one, and an old segment less when there
 *     are more than HEAPRING_KEEP; called twice it does nothing;
 *   - nothing here is called on the hot path.
 */
#ifndef PRELOAD_PROCESS_H
#define PRELOAD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/config.h"

bool process_ready(void);
bool process_off(void);
void process_finish(int exit_code);

/* False in a vfork child, or who else shares the memory of the profiled process: it must
 * neither end that nor judge by its own number which threads live. */
bool process_owns_space(void);

/* In a child that goes on in the midst of an event of its parent, whose memory it kept:
 * what it still writes is nobody's, and it is not profiled. */
void process_detach(void);

const struct config *process_config(void);
uint32_t process_pid(void);

/* The range in which the main thread's stack may lie. */
void process_main_stack(uintptr_t *ret_lo, uintptr_t *ret_hi);

/* Has the process entered a seccomp sandbox? Then no system call may be made. */
bool process_sandboxed(void);

/* It is about to: takes a last reserve of segment pages. */
void process_enter_sandbox(void);

#endif

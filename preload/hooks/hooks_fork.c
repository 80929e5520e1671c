/*
 * hooks_fork - fork, called by a signal handler that interrupted the shim
 *
 * Elsewhere nothing depends on seeing a fork: private memory is wiped, and a child finds
 * that it has no segment yet. But a child that returns from such a handler goes on in the
 * middle of its parent's event (or just before, with the gate read), with the pages that
 * it works on wiped and the parent's segment before it. So this one child finds the
 * memory as it was, writes into a private copy of the segment, and is not profiled.
 *
 * A raw clone() does not come through here. Neither is there anything to do behind a
 * seccomp filter, which may forbid the calls.
 */
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "arch.h"
#include "preload/allocator/next.h"
#include "preload/count/thread.h"
#include "preload/hooks/hooks.h"
#include "preload/hooks/outer.h"
#include "preload/life/life.h"
#include "preload/platform/os_linux.h"
#include "preload/process/process.h"
#include "preload/segment/segment_writer.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/unwind_full.h"

#define FRAMES 24u /* a handler that forks is not deeper */
#define EXPORT __attribute__((visibility("default")))

typedef pid_t fork_fn(void);

static fork_fn *real_fork, *real_Fork;
static struct module_view shim;

void hooks_fork_resolve(void)
{
	os_module_at((uintptr_t)hooks_fork_resolve, &shim);
	real_fork = (fork_fn *)next_function("fork");
	real_Fork = (fork_fn *)next_function("_Fork");
}

static uint32_t keeping; /* threads that fork so at the moment */

static void detach(void)
{
	__atomic_store_n(&keeping, 0, __ATOMIC_SEQ_CST); /* one thread here */
	life_detach();
	thread_self->resume = GATE_OFF;
	if (thread_self->gate != GATE_BUSY)
		thread_self->gate = GATE_OFF;
}

static pid_t fork_within(fork_fn *real)
{
	pid_t pid;

	__atomic_fetch_add(&keeping, 1, __ATOMIC_SEQ_CST);
	os_keep_on_fork(true);
	pid = real();
	if (pid == 0) {
		detach();
		return 0;
	}
	if (__atomic_sub_fetch(&keeping, 1, __ATOMIC_SEQ_CST) == 0)
		os_keep_on_fork(false);
	if (pid > 0)
		__atomic_fetch_add(&segment.header->unprofiled_children, 1,
				   __ATOMIC_RELAXED);
	return pid;
}

/* While another thread forks within an event, this child keeps the memory, too. */
static pid_t fork_beside(fork_fn *real)
{
	pid_t pid = real();

	if (pid == 0 && __atomic_load_n(&keeping, __ATOMIC_SEQ_CST) != 0)
		detach();
	return pid;
}

/* Was the shim interrupted before or after its gate was busy? Functions that call the
 * program's own are no sign of it. */
static bool is_within(struct frame caller)
{
	struct stack_frame frame[FRAMES];
	uint32_t end;
	uint32_t frames =
		unwind_full(&caller, &thread_self->unwinder.stack, frame, FRAMES, &end);

	for (uint32_t i = 0; i < frames; i++) {
		uintptr_t pc = frame[i].regs.pc;

		if (pc - shim.start < shim.end - shim.start && !is_outer(pc))
			return true;
	}
	return false;
}

static bool may_be_within(void)
{
	uint32_t gate = thread_self->gate;

	return gate >= GATE_BUSY && segment.header != NULL && !process_sandboxed();
}

/* found: NULL in a library's constructor that comes before ours. */
static __attribute__((noinline)) pid_t fork_by(fork_fn *found, const char *name,
					       struct frame caller)
{
	fork_fn *real = found != NULL ? found : (fork_fn *)next_function(name);

	if (real == NULL) {
		errno = ENOSYS;
		return -1;
	}
	if (may_be_within() && (thread_self->gate == GATE_BUSY || is_within(caller)))
		return fork_within(real);
	return fork_beside(real);
}

EXPORT pid_t fork(void)
{
	return fork_by(real_fork, "fork", FRAME_OF_CALLER());
}

pid_t _Fork(void);
EXPORT pid_t _Fork(void)
{
	return fork_by(real_Fork, "_Fork", FRAME_OF_CALLER());
}

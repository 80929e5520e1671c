#include "preload/process/process.h"

#include <sys/auxv.h>

#include "preload/platform/os_linux.h"
#include "preload/segment/segment_writer.h"

struct process process_self;
static bool sandboxed; /* seccomp: no system call of ours any more */

const struct config *process_config(void)
{
	return &process_self.config;
}

bool process_off(void)
{
	return process_self.off;
}

bool process_sandboxed(void)
{
	return __atomic_load_n(&sandboxed, __ATOMIC_RELAXED);
}

void process_enter_sandbox(void)
{
	if (process_sandboxed())
		return;
	if (segment.header != NULL)
		segment_freeze_with_reserve();
	__atomic_store_n(&sandboxed, true, __ATOMIC_RELAXED);
}

/* A sandboxed process cannot ask who it is. */
bool process_owns_space(void)
{
	return process_sandboxed() || process_self.pid == os_pid();
}

void process_main_stack(uintptr_t *ret_lo, uintptr_t *ret_hi)
{
	uint64_t limit = process_self.stack_limit;
	uintptr_t hi = (uintptr_t)getauxval(AT_RANDOM) & ~(uintptr_t)7;

	if (limit < (8u << 20))
		limit = 8u << 20;
	if (limit > (1u << 30))
		limit = 1u << 30;
	*ret_hi = hi;
	*ret_lo = hi - (uintptr_t)limit;
}

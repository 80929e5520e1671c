/*
 * sandbox - notices that the process is about to enter a seccomp filter
 *
 * Behind a filter a system call that it does not list ends the process. So when
 * the program asks for one, by prctl(PR_SET_SECCOMP) or syscall(SYS_seccomp), the
 * segment is given a last reserve and frozen, and from then on the shim makes no
 * system call: new threads take fresh slots without asking who is dead, a fork
 * child is not profiled, and the end of the process is only noted in memory.
 */
#include "sandbox.h"

#include <stddef.h>

#include "preload/allocator/next.h"
#include "preload/hooks/hooks.h"
#include "preload/process/process.h"

void sandbox_entered(void);

static void *sandbox_prctl __attribute__((used));
static void *sandbox_syscall __attribute__((used));

__attribute__((used)) void sandbox_entered(void)
{
	process_enter_sandbox();
}

__attribute__((used)) void sandbox_resolve(void)
{
	sandbox_prctl = next_function("prctl");
	sandbox_syscall = next_function("syscall");
}

SANDBOX_HOOK("prctl", "sandbox_prctl", "22"); /* PR_SET_SECCOMP */
SANDBOX_HOOK("syscall", "sandbox_syscall", SANDBOX_SYS_SECCOMP);

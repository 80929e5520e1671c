/*
 * lifecycle - where the target's beginning, end and unloads pass through us
 *
 * The constructor starts the process if no allocation has yet, and registers
 * for the end: our handler was registered first, so it runs last, when the
 * program's own handlers have freed what they free. _exit skips handlers, so it
 * is interposed; a killed process needs nothing, its segment is simply there.
 *
 * dlclose is interposed because an address may mean another function after it.
 * dlopen is not: the loader looks at its caller, and new objects are found when
 * a stack first meets them.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "preload/allocator/next.h"
#include "preload/count/thread.h"
#include "preload/hooks/hooks.h"
#include "preload/hooks/hooks_limits.h"
#include "preload/hooks/outer.h"
#include "preload/life/life.h"
#include "preload/process/identity.h"
#include "preload/process/process.h"
#include "preload/unwind/modules.h"

#define EXPORT __attribute__((visibility("default")))

#ifdef __GLIBC__
static void at_exit(int code, void *unused)
{
	(void)unused;
	life_finish(code);
}
#endif

static int quick_code;

static void at_exit_handler(void)
{
	life_finish(quick_code);
}

static struct {
	void (*quick_exit)(int);
	int (*dlclose)(void *);
} real;

static void resolve(void)
{
	hooks_mmap_resolve();
	hooks_fork_resolve();
	hooks_thread_resolve();
	hooks_cxx_resolve();
	sandbox_resolve();
	real.quick_exit = (void (*)(int))next_function("quick_exit");
	real.dlclose = (int (*)(void *))next_function("dlclose");
}

__attribute__((constructor)) static void begin(void)
{
	next_resolve();
	resolve();
	if (!process_ready())
		return;
	hooks_limits_begin();
	if ((process_config()->follow & FOLLOW_EXEC) == 0)
		identity_mark();
#ifdef __GLIBC__
	on_exit(at_exit, NULL);
#else
	atexit(at_exit_handler); /* musl does not tell the exit code */
#endif
	at_quick_exit(at_exit_handler);
}

static _Noreturn void leave(int code)
{
	life_finish(code);
	for (;;)
		arch_syscall(SYS_exit_group, code, 0, 0, 0, 0, 0);
}

EXPORT _Noreturn void _exit(int code)
{
	leave(code);
}

EXPORT _Noreturn void _Exit(int code)
{
	leave(code);
}

/* Its handlers are not told the code. */
EXPORT OUTER _Noreturn void quick_exit(int code)
{
	if (real.quick_exit == NULL)
		resolve();
	quick_code = code;
	if (real.quick_exit != NULL)
		real.quick_exit(code);
	leave(code);
}

EXPORT OUTER int dlclose(void *handle)
{
	int ret;

	if (real.dlclose == NULL)
		resolve();
	modules_unload_begin();
	ret = real.dlclose(handle);
	modules_unload_end();
	thread_forget_own();
	return ret;
}

/*
 * outer - functions of the shim that call the program's own code
 *
 * A thread's routine, destructors of an object that is unloaded, handlers of exit: that
 * one of these is on a stack does not mean that an event of the shim is. They lie in a
 * section of their own, whose ends the linker names.
 */
#ifndef PRELOAD_OUTER_H
#define PRELOAD_OUTER_H

#include <stdbool.h>
#include <stdint.h>

#define OUTER __attribute__((section("shim_outer"), noinline))

extern const char __start_shim_outer[] __attribute__((visibility("hidden")));
extern const char __stop_shim_outer[] __attribute__((visibility("hidden")));

/* pc: a return address */
static inline bool is_outer(uintptr_t pc)
{
	return pc - (uintptr_t)__start_shim_outer - 1 <
	       (uintptr_t)(__stop_shim_outer - __start_shim_outer);
}

#endif

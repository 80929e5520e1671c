/*
 * os_modules - the mapped object that holds a code address, as the C library knows it
 *
 * Contract: os_modules_<libc>.c finds it from any thread, inside malloc: no lock of the
 * loader, no allocation.
 */
#ifndef PRELOAD_OS_MODULES_H
#define PRELOAD_OS_MODULES_H

#include <stdbool.h>
#include <stdint.h>

struct module_view {
	uintptr_t start; /* lowest mapped address */
	uintptr_t end;
	uintptr_t bias;
	const void *eh_frame_hdr; /* NULL: no unwind table */
	uintptr_t table_lo;       /* where the unwind table lies; mostly start and end */
	uintptr_t table_hi;
	const char *name;     /* the loader's, "" for the program */
	const void *identity; /* differs between objects mapped at one time */
};

bool os_module_at(uintptr_t pc, struct module_view *ret_view);

/* Is pc still in the object of that identity and unwind table? Reads nothing of the
 * object: it may be on its way out. */
bool os_module_is(uintptr_t pc, const void *identity, const void *eh_frame_hdr);

#endif

/*
 * modules - which mapped object holds a code address, and its unwind table
 *
 * Contract
 *   - modules_find() may be called from any thread inside malloc: no lock of
 *     the loader, no allocation; it allocates a segment page when it meets a
 *     new object and none is free in the table;
 *   - the same object gets the same record while it is mapped; after it was
 *     unloaded and another one was loaded at its place, another record;
 *   - record numbers are dense and start at 1; 0 means unknown.
 */
#ifndef PRELOAD_MODULES_H
#define PRELOAD_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/platform/os_modules.h"

/* The record number of the object that holds pc, 0 when none does or the table
 * is full. ret_view may be NULL. */
uint16_t modules_find(uintptr_t pc, struct module_view *ret_view);

/* Around an unload: no cache of code addresses is filled in between, and none is
 * valid afterwards. */
void modules_unload_begin(void);
void modules_unload_end(void);

/* May a cache of code addresses be filled? seq_cst: pair R1 in rows.c. */
bool modules_settled(void);

/* Has an object gone without a word (libc drops its converters, another namespace
 * its own)? Looked at four times a second, else nothing. */
void modules_check(uint32_t now_ms);

/* Counts unloads; caches of code addresses are valid for one generation. */
extern uint32_t modules_now __attribute__((visibility("hidden")));
static inline uint32_t modules_generation(void)
{
	return __atomic_load_n(&modules_now, __ATOMIC_RELAXED);
}

/* The same, seq_cst, as it is counted: for pair R1 in rows.c. */
uint32_t modules_generation_ordered(void);

/* Forgets all records (a fork child begins a segment of its own). */
void modules_reset(void);

#endif

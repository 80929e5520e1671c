/*
 * debug_walk - the functions, inlined ones included, and lines of one unit's addresses
 *
 * Contract
 *   - a walk belongs to one thread; units of one Dwarf are walked by one thread at a
 * time, because libdw keeps what it read there;
 *   - addresses are sorted and all lie in the unit, which is walked at most twice;
 *   - texts lie in the debug information's file, in its Dwarf or in strings.
 */
#ifndef ANALYZER_SYMBOLS_DEBUG_WALK_H
#define ANALYZER_SYMBOLS_DEBUG_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#include "analyzer/symbols/string_pool.h"

struct debug_frame {
	const char *function; /* may be mangled; NULL: only the line is known */
	const char *file;
	uint32_t line;
	uint32_t start_line; /* where the function is declared, 0 unknown */
	uint64_t entry;      /* address of the function itself, 0 when inlined */
	uint32_t unnamed;    /* for debug_walk.c itself */
	bool has_linkage_name;
};

struct debug_address {
	uint64_t address; /* in the file's terms */
	uint32_t unit;    /* for debug_info.c itself */
	uint32_t frames_count;
	struct debug_frame *frames; /* innermost first */
};

struct debug_walk;

/* shift: address in the file's terms + shift = address in the debug information. */
struct debug_walk *debug_walk_new(struct string_pool *strings, Dwarf_Addr shift);
void debug_walk_free(struct debug_walk *walk);

/* unit has the line table, functions the functions: the same DIE, or the split unit's. */
int debug_walk_unit(struct debug_walk *walk, Dwarf_Die *unit, Dwarf_Die *functions,
		    struct debug_address *addresses, size_t count);

/* Frees the frames. */
void debug_address_forget(struct debug_address *addresses, size_t count);

#endif

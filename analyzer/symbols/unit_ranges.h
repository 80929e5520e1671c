/*
 * unit_ranges - which unit of the debug information covers an address
 *
 * Contract
 *   - built once for a file by reading the top entry of each unit, so it needs
 *     no .debug_aranges; skeleton units lead to their split ones.
 */
#ifndef ANALYZER_SYMBOLS_UNIT_RANGES_H
#define ANALYZER_SYMBOLS_UNIT_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

struct unit_range {
	Dwarf_Addr low, high;
	uint32_t number;     /* of the unit, in file order */
	Dwarf_Die unit;      /* has the line table */
	Dwarf_Die functions; /* has the functions: the same, or the split unit */
};

struct unit_ranges {
	struct unit_range *ranges; /* by low */
	size_t count;
	uint32_t
		without_split; /* units whose functions are in a file that is not found */
};

int unit_ranges_load(Dwarf *dwarf, struct unit_ranges *ret_ranges);
void unit_ranges_done(struct unit_ranges *ranges);

/* NULL when no unit covers the address. */
struct unit_range *unit_ranges_find(const struct unit_ranges *ranges, Dwarf_Addr address);

#endif

/*
 * unit_ranges - which unit of the debug information covers an address
 *
 * A sorted array of ranges. A unit with many ranges (functions in sections of
 * their own) has many entries, which carry the unit's number so that a reader
 * can gather all addresses of one unit.
 */
#include "analyzer/symbols/unit_ranges.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

static int append(struct unit_ranges *ranges, const struct unit_range *range)
{
	if ((ranges->count & (ranges->count + 1)) == 0) { /* room for 1, 3, 7, ... */
		struct unit_range *grown =
			realloc(ranges->ranges, (ranges->count * 2 + 1) * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		ranges->ranges = grown;
	}
	ranges->ranges[ranges->count++] = *range;
	return 0;
}

static int append_unit(struct unit_ranges *ranges, uint32_t number, Dwarf_Die *unit,
		       Dwarf_Die *functions)
{
	struct unit_range range = { .number = number,
				    .unit = *unit,
				    .functions = *functions };
	Dwarf_Addr base;
	ptrdiff_t offset = 0;
	int r = 0;

	while (r == 0 &&
	       (offset = dwarf_ranges(unit, offset, &base, &range.low, &range.high)) > 0)
		if (range.low < range.high && range.low != 0)
			r = append(ranges, &range);
	return r;
}

static int by_low(const void *a, const void *b)
{
	const struct unit_range *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

int unit_ranges_load(Dwarf *dwarf, struct unit_ranges *ret_ranges)
{
	struct unit_ranges ranges = { 0 };
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit, split;
	uint32_t number = 0;
	uint8_t type;
	int r = 0;

	while (r == 0 &&
	       dwarf_get_units(dwarf, cu, &cu, NULL, &type, &unit, &split) == 0) {
		if (type == DW_UT_skeleton && split.addr)
			r = append_unit(&ranges, number, &unit, &split);
		else if (type == DW_UT_compile || type == DW_UT_skeleton)
			r = append_unit(&ranges, number, &unit, &unit);
		ranges.without_split += type == DW_UT_skeleton && !split.addr;
		number++;
	}
	if (r < 0) {
		unit_ranges_done(&ranges);
		return r;
	}
	if (ranges.count > 0)
		qsort(ranges.ranges, ranges.count, sizeof(*ranges.ranges), by_low);
	*ret_ranges = ranges;
	return 0;
}

void unit_ranges_done(struct unit_ranges *ranges)
{
	free(ranges->ranges);
	ranges->ranges = NULL;
	ranges->count = 0;
}

struct unit_range *unit_ranges_find(const struct unit_ranges *ranges, Dwarf_Addr address)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->ranges[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= ranges->ranges[low - 1].high)
		return NULL;
	return &ranges->ranges[low - 1];
}

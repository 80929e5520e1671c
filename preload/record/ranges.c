/*
 * ranges - a sorted array, and one record for each mapping
 *
 * The kernel allows a process some 65,000 mappings, and programs that map directly
 * have a few; a binary search and a memmove of what lies above cost less than any tree
 * would, and never allocate.
 *
 * A mapping that was cut in the middle has two ranges. Its record counts them, so that
 * it counts as freed once. Free records form a list through `ranges`.
 */
#include "preload/record/ranges.h"

#include <string.h>

#include "preload/platform/os_linux.h"

struct heapring_ranges *ranges_new(void)
{
	return os_reserve(sizeof(struct heapring_ranges), true);
}

/* The first range that ends above an address. */
static uint32_t above(const struct heapring_ranges *r, uintptr_t address)
{
	uint32_t low = 0, high = r->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (r->range[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool ranges_hold(const struct heapring_ranges *r, uintptr_t from, uintptr_t to)
{
	uint32_t i = above(r, from);

	return from < to && i < r->count && r->range[i].at < to;
}

static void make_room(struct heapring_ranges *r, uint32_t i)
{
	memmove(&r->range[i + 1], &r->range[i], (r->count - i) * sizeof r->range[0]);
	r->count++;
}

bool ranges_add(struct heapring_ranges *r, uintptr_t at, uintptr_t end, uint32_t site)
{
	uint32_t i = above(r, at);
	uint32_t record;

	if (r->count == HR_RANGES_MAX)
		return false;
	/* records never run out before ranges: each has one at least */
	record = r->mappings_free != 0 ? r->mappings_free - 1 : r->mappings_used++;
	if (r->mappings_free != 0)
		r->mappings_free = r->mapping[record].ranges;
	r->mapping[record] = (struct heapring_mapping){ site, 1 };
	make_room(r, i);
	r->range[i] = (struct heapring_range){ at, end, record, 0 };
	return true;
}

static void lose(struct heapring_ranges *r, uint32_t record, uint64_t bytes,
		 bool range_gone, ranges_lost *lost, void *arg)
{
	struct heapring_mapping *m = &r->mapping[record];
	uint32_t site = m->site;
	bool whole = range_gone && --m->ranges == 0;

	if (whole) {
		m->ranges = r->mappings_free;
		r->mappings_free = record + 1;
	}
	lost(arg, site, bytes, whole);
}

/* The cut lies inside one range: two are left, or the upper one is given up. */
static bool split(struct heapring_ranges *r, uint32_t i, uintptr_t from, uintptr_t to,
		  ranges_lost *lost, void *arg)
{
	struct heapring_range *range = &r->range[i];
	uintptr_t end = range->end;
	bool room = r->count < HR_RANGES_MAX;

	lose(r, range->mapping, (room ? to : end) - from, false, lost, arg);
	range->end = from;
	if (!room)
		return false;
	r->mapping[range->mapping].ranges++;
	make_room(r, i + 1);
	r->range[i + 1] = (struct heapring_range){ to, end, range->mapping };
	return true;
}

bool ranges_cut(struct heapring_ranges *r, uintptr_t from, uintptr_t to,
		ranges_lost *lost, void *arg)
{
	uint32_t i = above(r, from), left;

	if (from >= to)
		return true;
	if (i < r->count && r->range[i].at < from && r->range[i].end > to)
		return split(r, i, from, to, lost, arg);
	for (left = i; i < r->count && r->range[i].at < to; i++) {
		struct heapring_range range = r->range[i];
		uintptr_t cut_from = range.at > from ? range.at : from;
		uintptr_t cut_to = range.end < to ? range.end : to;

		lose(r, range.mapping, cut_to - cut_from,
		     cut_from == range.at && cut_to == range.end, lost, arg);
		if (range.at < cut_from)
			r->range[left++] = (struct heapring_range){ range.at, cut_from,
								    range.mapping, 0 };
		else if (range.end > cut_to)
			r->range[left++] = (struct heapring_range){ cut_to, range.end,
								    range.mapping, 0 };
	}
	memmove(&r->range[left], &r->range[i], (r->count - i) * sizeof r->range[0]);
	r->count -= i - left;
	return true;
}

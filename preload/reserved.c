#include "preload/reserved.h"

#define RANGES_MAX 64u

struct range {
	uintptr_t from, to; /* from 0: free */
	enum reserved_kind kind;
};

static struct range ranges[RANGES_MAX];

bool reserved_note(const void *mem, size_t bytes, enum reserved_kind kind)
{
	for (unsigned i = 0; i < RANGES_MAX; i++) {
		uintptr_t none = 0;

		/* threads that make leaves of the live table at one time */
		if (__atomic_compare_exchange_n(&ranges[i].from, &none, (uintptr_t)mem,
						false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			ranges[i].to = (uintptr_t)mem + bytes;
			ranges[i].kind = kind;
			return true;
		}
	}
	return false;
}

void reserved_drop(const void *mem)
{
	uintptr_t at = (uintptr_t)mem;

	for (unsigned i = 0; i < RANGES_MAX; i++) {
		if (ranges[i].from == at)
			ranges[i].from = 0;
		else if (ranges[i].from != 0 && ranges[i].from < at && at < ranges[i].to)
			ranges[i].to = at;
	}
}

uint64_t reserved_bytes(bool shared_too)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < RANGES_MAX; i++)
		if (ranges[i].from != 0 &&
		    (shared_too || ranges[i].kind != RESERVED_SHARED))
			bytes += ranges[i].to - ranges[i].from;
	return bytes;
}

bool reserved_within(uintptr_t from, uintptr_t to, struct reserved_range *ret_range)
{
	struct reserved_range found = { to, to };

	for (unsigned i = 0; i < RANGES_MAX; i++) {
		const struct range *range = &ranges[i];

		if (range->from == 0 || range->to <= from || range->from >= found.from)
			continue;
		found.from = range->from > from ? range->from : from;
		found.to = range->to < to ? range->to : to;
	}
	*ret_range = found;
	return found.from < to;
}

bool reserved_wiped(unsigned i, struct reserved_range *ret_range)
{
	for (unsigned k = 0; k < RANGES_MAX; k++) {
		if (ranges[k].from == 0 || ranges[k].kind != RESERVED_WIPED || i-- != 0)
			continue;
		*ret_range = (struct reserved_range){ ranges[k].from, ranges[k].to };
		return true;
	}
	return false;
}

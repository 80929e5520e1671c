#include "preload/platform/reserved.h"

struct heapring_private reserved_memory;
static enum reserved_kind kinds[HR_PRIVATE_MAX];

/* Relaxed: another thread's entry is not this one's business, but is looked at. */
static uint64_t start_of(unsigned i)
{
	return __atomic_load_n(&reserved_memory.of[i].at, __ATOMIC_RELAXED);
}

static uint64_t end_of(unsigned i)
{
	return start_of(i) +
	       __atomic_load_n(&reserved_memory.of[i].bytes, __ATOMIC_RELAXED);
}

static bool in_use(unsigned i)
{
	return start_of(i) != 0;
}

/* A reader outside believes in entries up to `used` that have bytes. */
static void publish(unsigned i, uint64_t bytes)
{
	uint32_t used = __atomic_load_n(&reserved_memory.used, __ATOMIC_RELAXED);

	__atomic_store_n(&reserved_memory.of[i].bytes, bytes, __ATOMIC_RELEASE);
	while (used <= i &&
	       !__atomic_compare_exchange_n(&reserved_memory.used, &used, i + 1, true,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

bool reserved_note(const void *mem, size_t bytes, enum reserved_kind kind)
{
	for (unsigned i = 0; i < HR_PRIVATE_MAX; i++) {
		uint64_t none = 0;

		/* threads that make leaves of the live table at one time */
		if (__atomic_compare_exchange_n(&reserved_memory.of[i].at, &none,
						(uintptr_t)mem, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			kinds[i] = kind;
			publish(i, bytes);
			return true;
		}
	}
	return false;
}

void reserved_drop(const void *mem)
{
	uintptr_t at = (uintptr_t)mem;

	for (unsigned i = 0; i < HR_PRIVATE_MAX; i++) {
		if (!in_use(i) || at < start_of(i) || at >= end_of(i))
			continue;
		publish(i, at - start_of(i));
		if (end_of(i) == start_of(i))
			__atomic_store_n(&reserved_memory.of[i].at, 0, __ATOMIC_RELAXED);
	}
}

uint64_t reserved_bytes(bool shared_too)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < HR_PRIVATE_MAX; i++)
		if (in_use(i) && (shared_too || kinds[i] != RESERVED_SHARED))
			bytes += reserved_memory.of[i].bytes;
	return bytes;
}

bool reserved_within(uintptr_t from, uintptr_t to, struct reserved_range *ret_range)
{
	struct reserved_range found = { to, to };

	for (unsigned i = 0; i < HR_PRIVATE_MAX; i++) {
		uintptr_t at = reserved_memory.of[i].at;

		if (!in_use(i) || end_of(i) <= from || at >= found.from)
			continue;
		found.from = at > from ? at : from;
		found.to = end_of(i) < to ? end_of(i) : to;
	}
	*ret_range = found;
	return found.from < to;
}

bool reserved_wiped(unsigned i, struct reserved_range *ret_range)
{
	for (unsigned k = 0; k < HR_PRIVATE_MAX; k++) {
		if (!in_use(k) || kinds[k] != RESERVED_WIPED || i-- != 0)
			continue;
		*ret_range =
			(struct reserved_range){ reserved_memory.of[k].at, end_of(k) };
		return true;
	}
	return false;
}

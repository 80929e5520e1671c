/*
 * stress_mappings - ranges that threads map, hand on, cut and unmap
 *
 * Addresses only: a range is free again when its ticket was taken, as with the kernel.
 * In the end everything was given back, and nothing was dropped.
 */
#include <stdint.h>

#include "preload/record/mappings.h"
#include "preload/record/record.h"
#include "shim_fixture.h"
#include "stress.h"

#define THREADS 4u
#define SLOTS 32u
#define ROUNDS 3000u
#define PAGE 4096u
#define PAGES 4u

/* A slot's range has a place of its own; who takes the slot may unmap or map it. */
static uint32_t state[SLOTS]; /* 0 unmapped, 1 mapped, 2 somebody is at it */
static uint64_t mapped;

static char *place(unsigned slot)
{
	return (char *)0x100000000000 + (size_t)slot * PAGES * PAGE;
}

static __attribute__((noinline)) void map(unsigned slot)
{
	mappings_mapped(place(slot), PAGES * PAGE - 5, true, FRAME_OF_CALLER());
	__atomic_fetch_add(&mapped, 1, __ATOMIC_RELAXED);
}

/* In two pieces; the range may be mapped again before its change is told. */
static void unmap(unsigned slot)
{
	struct mappings_ticket first = mappings_begin(), second = mappings_begin();

	__atomic_store_n(&state[slot], 0, __ATOMIC_RELEASE);
	mappings_unmapped(second, place(slot), PAGE);
	mappings_unmapped(first, place(slot) + PAGE, (PAGES - 1) * PAGE);
}

static void work(unsigned number)
{
	uint64_t random = number + 1;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned slot = stress_random(&random) % SLOTS;
		uint32_t was = __atomic_exchange_n(&state[slot], 2, __ATOMIC_ACQ_REL);

		if (was == 1) {
			unmap(slot);
		} else if (was == 0) {
			map(slot);
			__atomic_store_n(&state[slot], 1, __ATOMIC_RELEASE);
		}
		/* 2: whoever is at it says what it is then */
	}
}

int main(void)
{
	struct stress_totals totals;

	fixture_process();
	if (!mappings_init())
		return 2;
	stress_run(THREADS, work);
	for (unsigned i = 0; i < SLOTS; i++)
		unmap(i);
	totals = stress_count();
	stress_equal("mappings", totals.allocs, mapped);
	stress_equal("unmapped", totals.frees, mapped);
	stress_equal("bytes mapped", totals.alloc_bytes, mapped * PAGES * PAGE);
	stress_equal("bytes unmapped", totals.free_bytes, totals.alloc_bytes);
	return 0;
}

/*
 * stress_history - threads that count while one after the other fills the history ring
 *
 * Every thread allocates and frees at sites of its own and at shared ones, and all
 * of them notice the clock, whose slices last a millisecond. In the end the values that
 * the ring's records add up to are what the threads counted, to the last byte.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "preload/history/history.h"
#include "preload/platform/os_linux.h"
#include "preload/record/record.h"
#include "preload/segment/segment_writer.h"
#include "shim_fixture.h"
#include "stress.h"

#define THREADS 4u
#define EVENTS 60000u
#define BLOCKS 256u
#define BLOCK_BYTES 4096u
#define SITES 700u

static char *arena;

static void work(unsigned number)
{
	char *mine = arena + (size_t)number * BLOCKS * BLOCK_BYTES;
	bool has[BLOCKS] = { false };
	uint64_t state = number + 1;
	uintptr_t frame[4] = { 0 };

	for (unsigned i = 0; i < EVENTS; i++) {
		unsigned n = stress_random(&state) % BLOCKS;
		uintptr_t site =
			stress_random(&state) % SITES + (i % 2 == 0 ? number * SITES : 0);
		struct frame caller = { 0x1000 + site * 16, (uintptr_t)frame, 0 };

		if (has[n])
			record_free_full(mine + n * BLOCK_BYTES);
		else
			record_alloc_full(mine + n * BLOCK_BYTES,
					  stress_random(&state) % 5000, caller);
		has[n] = !has[n];
		history_tick(os_mono_ns() / 1000000);
	}
}

static struct stress_totals of_values(void)
{
	const struct heapring_page *map = segment_at(1);
	struct stress_totals totals = { 0 };

	for (uint32_t i = 0; i < segment.header->pages_used; i++) {
		const struct heapring_values_page *page = segment_at(i);

		if (map[i].type != HR_PAGE_VALUES)
			continue;
		for (uint32_t n = 0; n < HR_VALUES_PER_PAGE; n++) {
			totals.allocs += page->of[n].allocs;
			totals.alloc_bytes += page->of[n].alloc_bytes;
			totals.frees += page->of[n].frees;
			totals.free_bytes += page->of[n].free_bytes;
		}
	}
	return totals;
}

int main(void)
{
	struct stress_totals want, have;
	uint64_t now_ms;

	setenv("HEAPRING_INTERVAL", "1ms", 1);
	setenv("HEAPRING_HISTORY", "256KiB", 1);
	fixture_process();
	arena = os_reserve((size_t)THREADS * BLOCKS * BLOCK_BYTES, false);
	stress_run(THREADS, work);
	now_ms = os_mono_ns() / 1000000;
	/* merges and the last slice take some steps */
	for (unsigned i = 0; i < 20000; i++)
		history_tick(now_ms += 2);
	want = stress_count();
	have = of_values();
	stress_equal("allocations", have.allocs, want.allocs);
	stress_equal("bytes", have.alloc_bytes, want.alloc_bytes);
	stress_equal("frees", have.frees, want.frees);
	stress_equal("freed bytes", have.free_bytes, want.free_bytes);
	printf("%llu allocations in the ring\n", (unsigned long long)have.allocs);
	return 0;
}

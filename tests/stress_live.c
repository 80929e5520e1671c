/*
 * stress_live - blocks allocated by one thread and freed by another
 *
 * Through record_alloc_full() and record_free_full(), as the hooks call them. The
 * blocks are addresses only: a pool plays the allocator, and hands an address to
 * the next thread under a lock, as an allocator orders a free before the malloc
 * that reuses the block. At the end nothing lives, and all counts are exact.
 *
 * Usage: stress_live [events of a thread]
 */
#include <pthread.h>
#include <stdlib.h>

#include "preload/record/record.h"
#include "shim_fixture.h"
#include "stress.h"

#define THREADS 6u
#define BLOCKS 512u
#define BLOCK_BYTES 4096u

struct slot {
	pthread_mutex_t lock;
	void *block; /* recorded now, or NULL */
};

static unsigned events = 60000;
static struct slot slots[BLOCKS];
static char *arena;
static uint64_t allocs[THREADS], bytes[THREADS];

static __attribute__((noinline)) void allocate(void *block, size_t size)
{
	record_alloc_full(block, size, FRAME_OF_CALLER());
	__asm__ volatile("");
}

static __attribute__((noinline)) void deeper(void *block, size_t size, unsigned depth)
{
	if (depth == 0)
		allocate(block, size);
	else
		deeper(block, size, depth - 1);
	__asm__ volatile("");
}

static void work(unsigned number)
{
	uint64_t random = number * 1234567u + 1;

	for (unsigned i = 0; i < events; i++) {
		unsigned n = stress_random(&random) % BLOCKS;
		struct slot *slot = &slots[n];
		size_t size = stress_random(&random) % BLOCK_BYTES;

		pthread_mutex_lock(&slot->lock);
		if (slot->block != NULL) {
			record_free_full(slot->block);
			slot->block = NULL;
		} else {
			/* every alignment that a block may have */
			slot->block = arena + n * BLOCK_BYTES + (n % 4 == 3 ? 8 : 0);
			deeper(slot->block, size, stress_random(&random) % 20);
			allocs[number]++;
			bytes[number] += size;
		}
		pthread_mutex_unlock(&slot->lock);
	}
}

int main(int argc, char **argv)
{
	uint64_t want = 0, want_bytes = 0;
	struct stress_totals totals;

	if (argc > 1)
		events = (unsigned)strtoul(argv[1], NULL, 10);
	arena = aligned_alloc(4096, (size_t)BLOCKS * BLOCK_BYTES);
	/* glibc has no blocks at 8 mod 16, so the process alone would make no table */
	if (!live_table_init(true))
		return 2;
	fixture_process();
	for (unsigned i = 0; i < BLOCKS; i++)
		pthread_mutex_init(&slots[i].lock, NULL);
	stress_run(THREADS, work);
	for (unsigned i = 0; i < BLOCKS; i++)
		if (slots[i].block != NULL)
			record_free_full(slots[i].block);
	for (unsigned t = 0; t < THREADS; t++) {
		want += allocs[t];
		want_bytes += bytes[t];
	}
	totals = stress_count();
	stress_equal("allocations", totals.allocs, want);
	stress_equal("bytes allocated", totals.alloc_bytes, want_bytes);
	stress_equal("frees", totals.frees, want);
	stress_equal("bytes freed", totals.free_bytes, want_bytes);
	stress_equal("size buckets", totals.sizes, want);
	for (unsigned i = 0; i < BLOCKS; i++)
		stress_equal("blocks left",
			     record_has(arena + i * BLOCK_BYTES + (i % 4 == 3 ? 8 : 0)),
			     0);
	return 0;
}

/*
 * stress_threads - many short threads: slots pass from the dead to the living
 *
 * Every thread allocates and half of them leave their blocks to be freed by main.
 * All counts are exact, the process's live bytes come out at zero, and no more
 * slots are used than a few times the threads alive at once.
 *
 * Usage: stress_threads [threads]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "preload/record/record.h"
#include "shim_fixture.h"
#include "stress.h"

#define ALIVE 6u
#define LONG 7u
#define BLOCKS 100u
#define BLOCK_BYTES 4096u

static unsigned threads = 2000;
static char *arena;
static pthread_barrier_t all_attached, the_end;

static __attribute__((noinline)) void allocate(void *block, size_t size)
{
	record_alloc_full(block, size, FRAME_OF_CALLER());
	__asm__ volatile("");
}

/*
 * A thread's exit comes before the kernel says that it is dead: what it wrote is
 * there for who takes its slot over. ThreadSanitizer knows nothing of that order,
 * so it is said once more in its own terms (wrapped by the linker).
 */
static unsigned last_words;

bool __real_os_thread_dead(uint32_t pid, uint32_t tid);
bool __wrap_os_thread_dead(uint32_t pid, uint32_t tid);

bool __wrap_os_thread_dead(uint32_t pid, uint32_t tid)
{
	bool dead = __real_os_thread_dead(pid, tid);

	return __atomic_load_n(&last_words, __ATOMIC_ACQUIRE) > 0 && dead;
}

static void *live_short(void *argument)
{
	uintptr_t place = (uintptr_t)argument;

	for (unsigned i = 0; i < BLOCKS; i++)
		allocate(arena + (place * BLOCKS + i) * BLOCK_BYTES, i * 17);
	if (place % 2 == 0)
		for (unsigned i = 0; i < BLOCKS; i++)
			record_free_full(arena + (place * BLOCKS + i) * BLOCK_BYTES);
	__atomic_fetch_add(&last_words, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Attached from the beginning to the end: the first slots never come free. */
static void *live_long(void *unused)
{
	(void)unused;
	record_free_full(arena);
	pthread_barrier_wait(&all_attached);
	pthread_barrier_wait(&the_end);
	return NULL;
}

static void begin_long(pthread_t thread[LONG])
{
	pthread_barrier_init(&all_attached, NULL, LONG + 1);
	pthread_barrier_init(&the_end, NULL, LONG + 1);
	for (unsigned i = 0; i < LONG; i++)
		if (pthread_create(&thread[i], NULL, live_long, NULL) != 0)
			abort();
	pthread_barrier_wait(&all_attached);
}

static void end_long(pthread_t thread[LONG])
{
	pthread_barrier_wait(&the_end);
	for (unsigned i = 0; i < LONG; i++)
		pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
	pthread_t alive[ALIVE], lasting[LONG];
	struct stress_totals totals;
	uint64_t bytes = 0;

	if (argc > 1)
		threads = (unsigned)strtoul(argv[1], NULL, 10);
	threads -= threads % ALIVE;
	arena = aligned_alloc(4096, (size_t)ALIVE * BLOCKS * BLOCK_BYTES);
	fixture_process();
	begin_long(lasting);
	for (unsigned n = 0; n < threads; n += ALIVE) {
		for (uintptr_t i = 0; i < ALIVE; i++)
			if (pthread_create(&alive[i], NULL, live_short, (void *)i) != 0)
				return 2;
		for (unsigned i = 0; i < ALIVE; i++)
			pthread_join(alive[i], NULL);
		for (unsigned place = 1; place < ALIVE; place += 2)
			for (unsigned i = 0; i < BLOCKS; i++)
				record_free_full(arena +
						 (place * BLOCKS + i) * BLOCK_BYTES);
	}
	end_long(lasting);
	for (unsigned i = 0; i < BLOCKS; i++)
		bytes += i * 17;
	totals = stress_count();
	stress_equal("allocations", totals.allocs, (uint64_t)threads * BLOCKS);
	stress_equal("frees", totals.frees, totals.allocs);
	stress_equal("bytes allocated", totals.alloc_bytes, threads * bytes);
	stress_equal("bytes freed", totals.free_bytes, totals.alloc_bytes);
	if (segment.header->threads_used > 8 * (ALIVE + LONG)) {
		fprintf(stderr, "%u slots for %u threads at once\n",
			segment.header->threads_used, ALIVE + LONG);
		return 1;
	}
	/* what the living hold back: main alone, and the slots of the last dead */
	if (llabs((long long)segment.header->live_bytes) >
	    (long long)(segment.header->threads_used * segment.header->peak_error)) {
		fprintf(stderr, "live bytes at the end: %lld, %u slots hold %llu each\n",
			(long long)segment.header->live_bytes,
			segment.header->threads_used,
			(unsigned long long)segment.header->peak_error);
		return 1;
	}
	return 0;
}

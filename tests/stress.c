#include "stress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "preload/segment/segment_writer.h"

static pthread_barrier_t start;
static void (*job)(unsigned number);

static void *run(void *number)
{
	pthread_barrier_wait(&start);
	job((unsigned)(uintptr_t)number);
	return NULL;
}

void stress_run(unsigned threads, void (*work)(unsigned number))
{
	pthread_t thread[STRESS_THREADS_MAX];

	job = work;
	pthread_barrier_init(&start, NULL, threads);
	for (uintptr_t i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, run, (void *)i) != 0)
			exit(2);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&start);
}

static void add(struct stress_totals *t, const struct heapring_counter *c)
{
	t->allocs += c->allocs;
	t->alloc_bytes += c->alloc_bytes;
	t->frees += c->frees;
	t->free_bytes += c->free_bytes;
	for (unsigned i = 0; i < HR_SIZES; i++)
		t->sizes += c->size[i];
}

struct stress_totals stress_count(void)
{
	const struct heapring_page *map = segment_at(1);
	struct stress_totals totals = { 0 };

	for (uint32_t page = 0; page < segment.header->pages_used; page++) {
		const struct heapring_counter *c = segment_at(page);

		for (unsigned i = 0;
		     map[page].type == HR_PAGE_COUNTERS && i < HR_COUNTERS_PER_PAGE; i++)
			add(&totals, &c[i]);
	}
	return totals;
}

void stress_equal(const char *what, uint64_t have, uint64_t want)
{
	if (have == want)
		return;
	fprintf(stderr, "%s: %lu, not %lu\n", what, (unsigned long)have,
		(unsigned long)want);
	exit(1);
}

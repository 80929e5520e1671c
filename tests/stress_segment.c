/*
 * stress_segment - pages from many threads at once
 *
 * No page is handed out twice, each is zeroed, a shared table's page is the same
 * for all who ask, and every page is in the map as what it is.
 */
#include <stdlib.h>

#include "preload/segment/segment_writer.h"
#include "shim_fixture.h"
#include "stress.h"

#define THREADS 6u
#define PAGES 400u
#define SHARED 600u

static void *shared[SHARED];
static void *seen[THREADS][SHARED];

static void work(unsigned number)
{
	uint64_t random = number;

	for (unsigned i = 0; i < PAGES; i++) {
		uint64_t *page = segment_page_new(HR_PAGE_COUNTERS, number, i);
		uint32_t index = stress_random(&random) % SHARED;

		if (page == NULL)
			exit(2);
		for (unsigned w = 0; w < HR_PAGE / sizeof *page; w++) {
			stress_equal("a word of a new page", page[w], 0);
			page[w] = number + 1;
		}
		seen[number][index] = segment_table_page(shared, index, HR_PAGE_SITES);
	}
}

int main(void)
{
	const struct heapring_page *map;
	uint64_t sites = 0, counters = 0, candidates = 0;

	if (segment_create(fixture_dir(), 64 << 20) != 0)
		return 2;
	stress_run(THREADS, work);
	for (unsigned t = 0; t < THREADS; t++)
		for (unsigned i = 0; i < SHARED; i++)
			if (seen[t][i] != NULL)
				stress_equal("a shared page", (uintptr_t)seen[t][i],
					     (uintptr_t)shared[i]);
	map = segment_at(1);
	for (uint32_t page = 1 + segment.header->map_pages;
	     page < segment.header->pages_used; page++) {
		const uint64_t *word = segment_at(page);

		counters += map[page].type == HR_PAGE_COUNTERS;
		sites += map[page].type == HR_PAGE_SITES;
		candidates += (map[page].type & HR_PAGE_CANDIDATE) != 0;
		if (map[page].type == HR_PAGE_COUNTERS)
			stress_equal("the writer of a page", word[0],
				     map[page].owner + 1u);
	}
	stress_equal("pages of counters", counters, THREADS * PAGES);
	for (unsigned i = 0; i < SHARED; i++)
		sites -= shared[i] != NULL;
	stress_equal("pages of a shared table besides the ones in use", sites, 0);
	stress_equal("pages in all",
		     counters + candidates + fixture_pages(HR_PAGE_SITES, UINT32_MAX) +
			     1 + segment.header->map_pages,
		     segment.header->pages_used);
	return 0;
}

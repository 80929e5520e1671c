/*
 * test_counters - the contract in preload/count/counters.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "preload/count/counters.h"
#include "preload/unwind/tree.h"
#include "shim_fixture.h"

static struct heapring_counter *directory[COUNTERS_DIRECTORY];

Test(counters, every_site_has_a_counter_of_its_own)
{
	struct heapring_counter *c;

	fixture_segment(8 << 20);
	for (uint32_t site = 0; site < 200; site++) {
		c = counters_at(directory, 4, site);
		cr_assert(c != NULL);
		cr_assert(eq(u64, c->allocs, 0));
		c->allocs = site + 1;
	}
	for (uint32_t site = 0; site < 200; site++)
		cr_assert(eq(u64, counters_at(directory, 4, site)->allocs, site + 1));
	cr_expect(eq(u32, fixture_pages(HR_PAGE_COUNTERS, 4), 7));
}

Test(counters, only_touched_parts_cost_a_page)
{
	fixture_segment(8 << 20);
	counters_at(directory, 0, 1);
	counters_at(directory, 0, 100000);
	cr_expect(eq(u32, fixture_pages(HR_PAGE_COUNTERS, UINT32_MAX), 2));
}

Test(counters, a_site_whose_page_cannot_be_had_counts_as_overflow)
{
	struct heapring_counter *overflow;
	fixture_segment(1 << 20);
	overflow = counters_at(directory, 0, HR_SITE_OVERFLOW);
	while (segment_page_new(HR_PAGE_THREADS, 0, 0) != NULL)
		;
	cr_expect(eq(ptr, counters_at(directory, 0, 5000), overflow));
	cr_expect(ne(ptr, counters_at(directory, 0, HR_SITE_OVERFLOW + 1), overflow));
}

Test(counters, without_even_the_first_page_there_is_none)
{
	fixture_segment(1 << 20);
	while (segment_page_new(HR_PAGE_THREADS, 0, 0) != NULL)
		;
	cr_expect(eq(ptr, counters_at(directory, 0, HR_SITE_OVERFLOW), NULL));
}

Test(counters, a_fork_childs_pages_begin_at_its_first_site)
{
	const struct heapring_page *map;

	cr_assert(eq(int, segment_create(fixture_dir(), 8 << 20), 0));
	cr_assert(tree_init(64));
	counters_at(directory, 2, 64 + HR_SITE_OVERFLOW);
	counters_at(directory, 2, 64 + 40);
	map = segment_at(1);
	for (uint32_t i = segment.header->pages_used; i-- > 0;) {
		if (map[i].type == HR_PAGE_COUNTERS) {
			cr_expect(eq(u32, map[i].index, 1));
			return;
		}
	}
	cr_fatal("no page of counters");
}

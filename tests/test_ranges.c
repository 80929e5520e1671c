/*
 * test_ranges - which addresses belong to which mapping, against a naive model
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#include "preload/record/ranges.h"

#define SITES 8u
#define UNITS 400u /* the model: which mapping holds each unit of address */

static uint64_t lost_bytes[SITES];
static uint32_t lost_whole[SITES];

static void lost(void *arg, uint32_t site, uint64_t bytes, bool whole)
{
	cr_assert(arg == lost_bytes && site < SITES);
	lost_bytes[site] += bytes;
	lost_whole[site] += whole;
}

static bool cut(struct heapring_ranges *r, uintptr_t from, uintptr_t to)
{
	return ranges_cut(r, from, to, lost, lost_bytes);
}

static void is_lost(uint32_t site, uint64_t bytes, uint32_t whole)
{
	cr_expect(eq(u64, lost_bytes[site], bytes));
	cr_expect(eq(u32, lost_whole[site], whole));
}

Test(ranges, a_mapping_is_gone_with_its_last_byte)
{
	struct heapring_ranges *r = ranges_new();

	cr_assert(ranges_add(r, 100, 200, 1));
	cr_expect(cut(r, 0, 120));
	is_lost(1, 20, 0);
	cr_expect(cut(r, 150, 160), "the middle: two ranges of one mapping");
	is_lost(1, 30, 0);
	cr_expect(cut(r, 155, 500));
	is_lost(1, 70, 0);
	cr_expect(cut(r, 0, 500));
	is_lost(1, 100, 1);
	cr_expect(cut(r, 0, 500));
	is_lost(1, 100, 1);
}

Test(ranges, a_cut_takes_from_every_mapping_that_it_meets)
{
	struct heapring_ranges *r = ranges_new();

	for (uint32_t site = 1; site <= 3; site++)
		cr_assert(ranges_add(r, site * 100, site * 100 + 100, site));
	cr_expect(cut(r, 150, 310));
	is_lost(1, 50, 0);
	is_lost(2, 100, 1);
	is_lost(3, 10, 0);
	cr_expect(not(ranges_hold(r, 150, 310)));
	cr_expect(ranges_hold(r, 149, 150));
	cr_expect(ranges_hold(r, 0, 400));
}

Test(ranges, an_empty_cut_takes_nothing)
{
	struct heapring_ranges *r = ranges_new();

	cr_assert(ranges_add(r, 100, 200, 1));
	cr_expect(cut(r, 150, 150));
	cr_expect(not(ranges_hold(r, 150, 150)));
	is_lost(1, 0, 0);
}

Test(ranges, a_full_set_says_so_and_goes_on)
{
	struct heapring_ranges *r = ranges_new();

	for (uintptr_t i = 1; i <= HR_RANGES_MAX; i++)
		cr_assert(ranges_add(r, i * 10, i * 10 + 6, 1));
	cr_expect(not(ranges_add(r, 5, 6, 2)));
	cr_expect(not(cut(r, 22, 24)), "no room for the outer piece: it is given up");
	is_lost(1, 4, 0);
	cr_expect(cut(r, 0, 16));
	is_lost(1, 10, 1);
	cr_expect(ranges_add(r, 5, 6, 2));
	cr_expect(cut(r, 0, 100 * HR_RANGES_MAX));
	is_lost(1, 6ull * HR_RANGES_MAX, HR_RANGES_MAX);
	is_lost(2, 1, 1);
}

/* The model keeps the mapping of every unit, by number. */
struct model {
	uint32_t unit[UNITS]; /* mapping, 0 none */
	uint32_t site[20000]; /* of a mapping */
	uint32_t mappings;
	uint64_t bytes[SITES];
	uint32_t whole[SITES];
};

static bool holds(const struct model *m, uint32_t mapping)
{
	for (uint32_t i = 0; i < UNITS; i++)
		if (m->unit[i] == mapping)
			return true;
	return false;
}

static void model_cut(struct model *m, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		uint32_t mapping = m->unit[i];

		if (mapping == 0)
			continue;
		m->unit[i] = 0;
		m->bytes[m->site[mapping]]++;
		m->whole[m->site[mapping]] += !holds(m, mapping);
	}
}

Test(ranges, random_changes_are_those_of_the_model)
{
	struct model *m = calloc(1, sizeof *m);
	struct heapring_ranges *r = ranges_new();

	srandom(4);
	for (unsigned round = 0; round < 15000; round++) {
		uint32_t from = (uint32_t)random() % UNITS;
		uint32_t to = from + (uint32_t)random() % (UNITS - from) / 4 + 1;
		uint32_t site = (uint32_t)random() % SITES;

		to = to > UNITS ? UNITS : to;
		model_cut(m, from, to);
		cr_assert(cut(r, 1000 + from, 1000 + to));
		if (round % 2 == 0) {
			m->site[++m->mappings] = site;
			for (uint32_t i = from; i < to; i++)
				m->unit[i] = m->mappings;
			cr_assert(ranges_add(r, 1000 + from, 1000 + to, site));
		}
	}
	for (uint32_t site = 0; site < SITES; site++)
		is_lost(site, m->bytes[site], m->whole[site]);
}

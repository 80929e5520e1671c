/*
 * stress_tree - the same stacks entered by many threads at once
 *
 * Every thread walks the same random tree of frames in its own order and counts
 * what it did at every site. A node that a thread gets is the frame it asked for;
 * the counts, added up by stack as a reader adds them, are exact; equal stacks have
 * one node but for those that threads met at the same moment, how many depends on the
 * machine: no more than one of each thread's own, and none afterwards. A stack has two
 * nodes that it shares with no other, or fewer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "preload/count/counters.h"
#include "preload/unwind/tree.h"
#include "shim_fixture.h"
#include "stress.h"

#define THREADS 8u
#define STACKS 3000u
#define ROUNDS 20000u
#define DEPTH 12u

static struct heapring_counter *directory[THREADS][COUNTERS_DIRECTORY];
static uint64_t made[THREADS][STACKS];

/* Frame d of stack s: shared by the stacks that agree in the higher bits. */
static uintptr_t frame_of(unsigned s, unsigned d)
{
	return 0x400000 + (s >> (DEPTH - 1 - d)) * 64u + d;
}

static uint32_t walk(unsigned s)
{
	uint32_t node = HR_NODE_ROOT;

	for (unsigned d = 0; d < DEPTH; d++) {
		uint32_t parent = node;
		const struct heapring_node *record;

		node = tree_child(parent, frame_of(s, d));
		record = tree_node(node);
		stress_equal("a node's pc", record->pc, frame_of(s, d));
		stress_equal("a node's parent", record->parent, parent);
		stress_equal("a node's depth", record->depth, d + 1);
	}
	return node;
}

static void work(unsigned number)
{
	uint64_t random = number * 77u;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned s = stress_random(&random) % STACKS;
		uint32_t site = tree_site(walk(s), HR_KIND_BLOCKS, 1);

		counters_at(directory[number], number, site)->allocs++;
		made[number][s]++;
	}
}

static unsigned stack_of(uint32_t node)
{
	return (unsigned)((tree_node(node)->pc - 0x400000 - (DEPTH - 1)) / 64u);
}

/* What was made once is found from then on. */
static void expect_no_more_nodes(void)
{
	uint32_t before;

	for (unsigned s = 0; s < STACKS; s++)
		walk(s); /* one that nobody drew, perhaps */
	before = segment.header->nodes_used;
	for (unsigned s = 0; s < STACKS; s++)
		walk(s);
	stress_equal("nodes", segment.header->nodes_used, before);
}

int main(void)
{
	static uint64_t counted[STACKS];
	uint64_t want = 0;

	fixture_segment(64 << 20);
	stress_run(THREADS, work);
	for (uint32_t site = HR_SITE_FIRST; site < tree_sites(); site++)
		for (unsigned t = 0; t < THREADS; t++)
			if (directory[t][site / HR_COUNTERS_PER_PAGE] != NULL)
				counted[stack_of(tree_site_record(site)->node)] +=
					counters_at(directory[t], t, site)->allocs;
	for (unsigned s = 0; s < STACKS; s++) {
		want = 0;
		for (unsigned t = 0; t < THREADS; t++)
			want += made[t][s];
		stress_equal("allocations of a stack", counted[s], want);
	}
	if (segment.header->nodes_used > THREADS * 2 * STACKS) {
		fprintf(stderr, "%u nodes for %u stacks\n", segment.header->nodes_used,
			STACKS);
		return 1;
	}
	expect_no_more_nodes();
	return 0;
}

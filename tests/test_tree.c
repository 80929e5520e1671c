/*
 * test_tree - the contract in preload/unwind/tree.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "preload/segment/segment_writer.h"
#include "preload/unwind/tree.h"
#include "shim_fixture.h"

static void big(void)
{
	fixture_segment(64 << 20);
}

Test(tree, the_same_child_is_the_same_node, .init = big)
{
	uint32_t a = tree_child(HR_NODE_ROOT, 0x1000);

	cr_assert(ge(u32, a, HR_NODE_FIRST));
	cr_expect(eq(u32, tree_child(HR_NODE_ROOT, 0x1000), a));
	cr_expect(ne(u32, tree_child(HR_NODE_ROOT, 0x1008), a));
	cr_expect(ne(u32, tree_child(a, 0x1000), a));
}

Test(tree, a_node_says_what_it_is, .init = big)
{
	uint32_t a = tree_child(HR_END_DEPTH, 0x1000);
	uint32_t b = tree_child(a, 0x2000);
	const struct heapring_node *node = tree_node(b);

	cr_expect(eq(u64, node->pc, 0x2000));
	cr_expect(eq(u32, node->parent, a));
	cr_expect(eq(int, node->depth, 2));
	cr_expect(eq(u32, node->ready, 1));
	cr_expect(eq(int, tree_node(a)->depth, 1));
	cr_expect(eq(u32, tree_node(a)->parent, HR_END_DEPTH));
}

Test(tree, code_of_ours_has_a_module, .init = big)
{
	uint32_t node = tree_child(HR_NODE_ROOT, (uintptr_t)big + 1);

	cr_expect(ne(int, tree_node(node)->module, 0));
	cr_expect(eq(int, tree_node(tree_child(0, 0x1000))->module, 0));
}

/* 4 Ki, 16 Ki, 64 Ki slots: all nodes are found again in whichever table they are. */
Test(tree, nodes_are_found_in_all_tables_of_the_chain, .init = big)
{
	enum { NODES = 60000 };
	static uint32_t id[NODES];

	for (uint32_t i = 0; i < NODES; i++)
		id[i] = tree_child(i < 100 ? 0 : id[i / 3], 0x400000 + i * 5ul);
	cr_expect(eq(u32, segment.header->nodes_used, HR_NODE_FIRST + NODES));
	for (uint32_t i = 0; i < NODES; i++)
		cr_assert(eq(u32, tree_child(i < 100 ? 0 : id[i / 3], 0x400000 + i * 5ul),
			     id[i]));
	cr_expect(eq(u32, segment.header->nodes_used, HR_NODE_FIRST + NODES));
}

Test(tree, a_stack_has_one_site_for_every_rate, .init = big)
{
	uint32_t node = tree_child(0, 0x1000);
	uint32_t exact = tree_site(node, HR_KIND_BLOCKS, 1), sampled;

	cr_assert(ge(u32, exact, HR_SITE_FIRST));
	cr_expect(eq(u32, tree_site(node, HR_KIND_BLOCKS, 1), exact));
	sampled = tree_site(node, HR_KIND_BLOCKS, 4096);
	cr_expect(ne(u32, sampled, exact));
	cr_expect(eq(u64, tree_site_record(sampled)->rate, 4096));
	cr_expect(eq(u64, tree_site_record(exact)->rate, 1));
	cr_expect(eq(u32, tree_site_record(sampled)->node, node));
	cr_expect(eq(u32, tree_site_record(exact)->node, node));
	cr_expect(eq(u32, tree_site(node, HR_KIND_BLOCKS, 4096), sampled));
}

Test(tree, sites_of_all_rates_and_kinds_are_found_again, .init = big)
{
	uint32_t node = tree_child(0, 0x1000);
	uint32_t exact = tree_site(node, HR_KIND_BLOCKS, 1);
	uint32_t mapped = tree_site(node, HR_KIND_MAPPINGS, 1);

	cr_expect(ne(u32, mapped, exact));
	cr_expect(eq(u32, tree_site_record(mapped)->kind, HR_KIND_MAPPINGS));
	for (unsigned i = 0; i < 10; i++) {
		tree_site(node, HR_KIND_BLOCKS, 4096);
		cr_expect(eq(u32, tree_site(node, HR_KIND_BLOCKS, 1), exact));
		cr_expect(eq(u32, tree_site(node, HR_KIND_MAPPINGS, 1), mapped));
	}
	cr_expect(eq(u32, tree_sites(), HR_SITE_FIRST + 3));
}

Test(tree, a_number_that_was_not_handed_out_has_no_record, .init = big)
{
	cr_expect(eq(u32, tree_sites(), HR_SITE_FIRST));
	cr_expect(eq(ptr, (void *)tree_site_record(tree_sites()), NULL));
	cr_expect(eq(ptr, (void *)tree_site_record(UINT32_MAX), NULL));
	cr_expect(eq(u32, tree_site_record(HR_SITE_OVERFLOW)->node, HR_END_OVERFLOW));
}

Test(tree, stacks_past_the_budget_are_overflow)
{
	uint32_t node = 0, before;
	unsigned i = 0;

	fixture_segment(1 << 20);
	do {
		before = node;
		node = tree_child(HR_NODE_ROOT, 0x1000 + i++);
	} while (node != HR_END_OVERFLOW);
	cr_expect(i > 20000, "only %u nodes in a MiB", i);
	cr_expect(eq(u32, tree_child(HR_END_OVERFLOW, 0x9000), HR_END_OVERFLOW));
	cr_expect(
		eq(u32, tree_site(HR_END_OVERFLOW, HR_KIND_BLOCKS, 1), HR_SITE_OVERFLOW));
	cr_expect(eq(u32, tree_child(HR_NODE_ROOT, 0x1000 + i - 2), before),
		  "what is there stays there");
	cr_expect(eq(u32, segment.header->grow_stopped, 0), "counters may still grow");
}

Test(tree, a_fork_childs_sites_begin_at_its_base)
{
	cr_assert(eq(int, segment_create(fixture_dir(), 8 << 20), 0));
	cr_assert(tree_init(64));
	cr_expect(eq(u32, tree_site_base(), 64));
	cr_expect(eq(u32, tree_site(tree_child(0, 0x1000), HR_KIND_BLOCKS, 1),
		     HR_SITE_FIRST));
}

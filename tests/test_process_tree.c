/*
 * test_process_tree - the contract in analyzer/segment/process_tree.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#include "analyzer/segment/process_tree.h"

#define MANY 50000u

static struct heapring_header header(uint32_t pid, uint64_t start, uint32_t ppid)
{
	return (struct heapring_header){
		.pid = pid, .ppid = ppid, .start_unix_ns = start, .start_ticks = pid
	};
}

static void link_all(struct process_node *nodes, struct heapring_header *headers,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		nodes[i].header = &headers[i];
	cr_assert(eq(int, process_tree_link(nodes, n), 0));
}

Test(process_tree, a_forked_child_is_under_the_segment_it_names)
{
	struct heapring_header headers[] = { header(10, 100, 1), header(10, 200, 1),
					     header(11, 300, 10) };
	struct process_node nodes[3];

	headers[2].parent_pid = 10;
	headers[2].parent_start_unix_ns = 100; /* not the newest of that pid */
	link_all(nodes, headers, 3);
	cr_expect(eq(sz, nodes[2].parent, 0));
	cr_expect(eq(int, nodes[2].descent, PROCESS_FORKED));
}

Test(process_tree, an_exec_chain_descends_image_by_image)
{
	struct heapring_header headers[] = { header(10, 100, 1), header(10, 200, 1),
					     header(10, 300, 1), header(10, 400, 1) };
	struct process_node nodes[4];

	headers[3].start_ticks = 77; /* another process that got the pid */
	link_all(nodes, headers, 4);
	cr_expect(eq(sz, nodes[1].parent, 0));
	cr_expect(eq(sz, nodes[2].parent, 1));
	cr_expect(eq(u32, nodes[2].depth, 2));
	cr_expect(eq(int, nodes[2].descent, PROCESS_EXECED));
	cr_expect(eq(sz, nodes[3].parent, PROCESS_TREE_NONE));
}

Test(process_tree, a_spawned_child_is_under_what_its_parent_was_then)
{
	struct heapring_header headers[] = { header(10, 100, 1), header(11, 150, 10),
					     header(10, 200, 1), header(12, 250, 10) };
	struct process_node nodes[4];

	link_all(nodes, headers, 4);
	cr_expect(eq(sz, nodes[1].parent, 0));
	cr_expect(eq(sz, nodes[3].parent, 2));
	cr_expect(eq(int, nodes[3].descent, PROCESS_SPAWNED));
}

Test(process_tree, the_walk_visits_children_in_order_of_birth)
{
	/* 1 -> (2 -> 4), 3; and another root before all */
	struct heapring_header headers[] = { header(3, 30, 1), header(4, 40, 2),
					     header(1, 10, 0), header(2, 20, 1),
					     header(9, 5, 0) };
	struct process_node nodes[5];

	link_all(nodes, headers, 5);
	cr_expect(eq(sz, nodes[4].position, 0));
	cr_expect(eq(sz, nodes[2].position, 1));
	cr_expect(eq(sz, nodes[3].position, 2));
	cr_expect(eq(sz, nodes[1].position, 3));
	cr_expect(eq(sz, nodes[0].position, 4));
	cr_expect(nodes[0].last && !nodes[3].last && nodes[1].last);
}

Test(process_tree, hostile_links_make_no_cycle_and_long_chains_no_harm)
{
	struct heapring_header two[] = { header(10, 100, 11), header(11, 100, 10) };
	struct process_node pair[2];
	struct heapring_header *headers = calloc(MANY, sizeof(*headers));
	struct process_node *nodes = calloc(MANY, sizeof(*nodes));

	two[0].parent_pid = 11;
	two[0].parent_start_unix_ns = 100;
	two[1].parent_pid = 10;
	two[1].parent_start_unix_ns = 100;
	link_all(pair, two, 2);
	cr_expect(pair[0].parent == PROCESS_TREE_NONE &&
		  pair[1].parent == PROCESS_TREE_NONE);
	for (uint32_t i = 0; i < MANY; i++)
		headers[i] = header(i + 1, 100 + i, i);
	link_all(nodes, headers, MANY);
	cr_expect(eq(u32, nodes[MANY - 1].depth, MANY - 1));
	free(headers);
	free(nodes);
}

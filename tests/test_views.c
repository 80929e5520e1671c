/*
 * test_views - the contracts in analyzer/segment/site_sums.h, place_table.h, stack_set.h,
 * call_tree.h, call_edges.h, source_file.h and pprof_ids.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/console/shell_word.h"
#include "analyzer/console/units.h"
#include "analyzer/pprof/pprof_ids.h"
#include "analyzer/segment/mode_request.h"
#include "analyzer/segment/site_sums.h"
#include "analyzer/symbols/source_file.h"
#include "analyzer/views/call_edges.h"
#include "analyzer/views/call_tree.h"
#include "analyzer/views/place_table.h"

static struct fault fault;

static struct site_share share(int64_t live, int64_t bytes)
{
	return (struct site_share){ .sum = { .live = live, .live_bytes = bytes } };
}

Test(site_sums, settled_shares_are_not_negative_and_keep_their_sum)
{
	struct site_share shares[] = { share(10, 1000), share(-4, -401), share(7, 333),
				       share(-1, -1) };
	int64_t live = 0, bytes = 0;

	site_shares_settle(shares, 4);
	for (int i = 0; i < 4; i++) {
		cr_expect(shares[i].sum.live >= 0 && shares[i].sum.live_bytes >= 0);
		live += shares[i].sum.live;
		bytes += shares[i].sum.live_bytes;
	}
	cr_expect(eq(i64, live, 12));
	cr_expect(eq(i64, bytes, 931));
}

Test(site_sums, more_frees_than_allocations_settle_to_nothing)
{
	struct site_share shares[] = { share(3, 30), share(-5, -50) };

	site_shares_settle(shares, 2);
	cr_expect(eq(i64, shares[0].sum.live, 0));
	cr_expect(eq(i64, shares[0].sum.live_bytes, 0));
	cr_expect(eq(i64, shares[1].sum.live, 0));
}

Test(site_sums, shares_without_foreign_frees_stay_as_they_are)
{
	struct site_share shares[] = { share(3, 30), share(5, 50) };

	site_shares_settle(shares, 2);
	cr_expect(eq(i64, shares[0].sum.live, 3));
	cr_expect(eq(i64, shares[1].sum.live_bytes, 50));
}

static uint32_t place_in(struct place_table *places, const char *function,
			 const char *module, uint32_t line, bool by_line, bool program)
{
	struct place place = { function, "f.c", module, line };
	uint32_t number = UINT32_MAX;

	cr_assert(eq(int, place_table_add(places, &place, by_line, program, &number), 0));
	return number;
}

Test(place_table, a_place_is_there_once_and_lines_count_only_by_line)
{
	struct place_table *places = place_table_new(/*across_builds=*/false);

	cr_expect(eq(u32, place_in(places, "f", "x", 1, false, false), 0));
	cr_expect(eq(u32, place_in(places, "f", "x", 2, false, false), 0));
	cr_expect(eq(u32, place_in(places, "f", "x", 2, true, false), 1));
	cr_expect(eq(u32, place_in(places, "f", "x", 3, true, false), 2));
	cr_expect(eq(u32, place_in(places, "f", "y", 1, false, false), 3));
	cr_expect(eq(u32, place_table_count(places), 4));
	place_table_free(places);
}

Test(place_table, builds_of_a_program_and_versions_of_a_library_are_one_module)
{
	struct place_table *places = place_table_new(/*across_builds=*/false);

	cr_expect(eq(u32, place_in(places, "f", "app-1", 1, false, true), 0));
	cr_expect(eq(u32, place_in(places, "f", "app-2", 1, false, true), 0));
	cr_expect(eq(u32, place_in(places, "g", "libx.so.1.2", 1, false, false), 1));
	cr_expect(eq(u32, place_in(places, "g", "libx.so.2", 1, false, false), 1));
	cr_expect(eq(str, (char *)place_table_get(places, 0)->module, "app-1"));
	place_table_free(places);
}

/* Two stacks, innermost first: 2 0 1 0 with 10 bytes, and 1 0 with 5. */
static struct stack_set recursive_set(void)
{
	static uint32_t places[] = { 2, 0, 1, 0, 1, 0 };
	static struct stack_entry entries[] = {
		{ .first = 0, .count = 4, .value = { 10, 1, 100, 2 } },
		{ .first = 4, .count = 2, .value = { 5, 1, 50, 3 } },
	};

	return (struct stack_set){ .entries = entries, .count = 2, .places = places };
}

Test(call_tree, a_nodes_cum_is_its_flat_and_its_childrens_cum)
{
	struct stack_set set = recursive_set();
	struct call_tree tree;
	uint32_t visited = 0;

	cr_assert(eq(int, call_tree_load(&set, PROFILE_INUSE_SPACE, NULL, &tree, &fault),
		     0));
	cr_expect(eq(u32, tree.count, 5));
	cr_expect(eq(i64, tree.nodes[0].cum[PROFILE_INUSE_SPACE], 15));
	for (uint32_t i = 0; i < tree.count; i++) {
		int64_t sum = tree.nodes[i].flat[PROFILE_INUSE_SPACE];

		for (uint32_t c = tree.nodes[i].child; c != CALL_TREE_NONE;
		     c = tree.nodes[c].next) {
			cr_expect(c > i);
			sum += tree.nodes[c].cum[PROFILE_INUSE_SPACE];
		}
		cr_expect(eq(i64, sum, tree.nodes[i].cum[PROFILE_INUSE_SPACE]));
	}
	for (uint32_t i = call_tree_next(&tree, 0, true); i;
	     i = call_tree_next(&tree, i, true))
		visited++;
	cr_expect(eq(u32, visited, 4));
	call_tree_done(&tree);
}

Test(call_edges, a_stack_counts_once_for_each_caller_and_callee)
{
	struct stack_set set = recursive_set();
	struct call_edges edges;

	cr_assert(eq(int, call_edges_load(&set, NULL, &edges, &fault), 0));
	cr_assert(eq(u32, edges.count, 3)); /* 0 -> 1, 0 -> 2, 1 -> 0 */
	cr_expect(eq(u32, edges.edges[0].callee, 1));
	cr_expect(eq(i64, edges.edges[0].value[PROFILE_INUSE_SPACE], 15));
	cr_expect(eq(u32, edges.edges[1].callee, 2));
	cr_expect(eq(i64, edges.edges[1].value[PROFILE_INUSE_SPACE], 10));
	call_edges_done(&edges);
}

Test(source_file, lines_are_found_below_a_search_folder_by_a_tail_of_the_name)
{
	char folder[] = "/tmp/heapring-source-XXXXXX", path[256];
	struct source_paths paths = { .search = folder };
	struct source_file file;
	FILE *to;

	cr_assert(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/only_here.c", folder);
	to = fopen(path, "w");
	fputs("one\ntwo", to);
	fclose(to);
	cr_assert(eq(int, source_file_load(&paths, "/gone/src/only_here.c", &file), 0));
	cr_expect(eq(str, (char *)source_file_line(&file, 2), "two"));
	cr_expect(source_file_line(&file, 0) == NULL);
	cr_expect(source_file_line(&file, 3) == NULL);
	source_file_done(&file);
	cr_expect(lt(int, source_file_load(&paths, "/gone/other.c", &file), 0));
	unlink(path);
	rmdir(folder);
}

Test(pprof_ids, any_id_but_zero_is_found_and_the_first_of_equals_counts)
{
	struct pprof_ids ids;

	cr_assert(eq(int, pprof_ids_init(&ids, 3), 0));
	pprof_ids_add(&ids, UINT64_MAX, 7);
	pprof_ids_add(&ids, 5, 8);
	pprof_ids_add(&ids, 5, 9);
	pprof_ids_add(&ids, 0, 1);
	cr_expect(eq(u32, pprof_ids_find(&ids, UINT64_MAX), 7));
	cr_expect(eq(u32, pprof_ids_find(&ids, 5), 8));
	cr_expect(eq(u32, pprof_ids_find(&ids, 0), PPROF_ID_NONE));
	cr_expect(eq(u32, pprof_ids_find(&ids, 6), PPROF_ID_NONE));
	pprof_ids_done(&ids);
}

Test(mode_request, takes_what_HEAPRING_RATE_takes)
{
	struct mode_request request;

	cr_assert(mode_request_parse("exact", &request));
	cr_expect(eq(u32, request.mode, HR_MODE_EXACT));
	cr_assert(mode_request_parse("off", &request));
	cr_expect(eq(u32, request.mode, HR_MODE_DORMANT));
	cr_expect(request.rate > 0);
	cr_assert(mode_request_parse("512KiB", &request));
	cr_expect(eq(u32, request.mode, HR_MODE_SAMPLED));
	cr_expect(eq(u64, request.rate, 524288));
	cr_assert(mode_request_parse("1", &request));
	cr_expect(eq(u32, request.mode, HR_MODE_EXACT));
	cr_expect(not(mode_request_parse("0", &request)));
	cr_expect(not(mode_request_parse("2T", &request)));
	cr_expect(not(mode_request_parse("fast", &request)));
}

Test(units, differences_keep_their_sign_and_one_unit_is_kept_when_asked)
{
	cr_expect(eq(str, units_bytes_in(-2048, NULL).text, "-2.00KiB"));
	cr_expect(eq(str, units_bytes_in(1500, "kB").text, "1.50kB"));
	cr_expect(eq(str, units_bytes_in(-5, "B").text, "-5B"));
	cr_expect(eq(str, units_signed_count(-99999).text, "-99999"));
	cr_expect(eq(str, units_signed_count(-1500000).text, "-1.50M"));
	cr_expect(eq(str, units_bytes_in(INT64_MIN, NULL).text, "-8.00EiB"));
}

/* 1 0 stays; of 2 0 1 0 the calls 0 and 1 are its too, the rest is place 9. */
static void check_folded(size_t stacks_max, uint32_t nodes_max)
{
	const uint32_t order[] = { 1, 0 };
	const struct call_tree_fold fold = { order, stacks_max, nodes_max, .place = 9 };
	struct stack_set set = recursive_set();
	struct call_tree tree;
	uint32_t kept, folded;

	cr_assert(eq(int, call_tree_load(&set, PROFILE_INUSE_SPACE, &fold, &tree, &fault),
		     0));
	folded = tree.node_of[0];
	kept = tree.node_of[1];
	cr_expect(eq(u32, tree.count, 4));
	cr_expect(eq(i64, tree.nodes[0].cum[PROFILE_INUSE_SPACE], 15));
	cr_expect(eq(u32, tree.nodes[folded].place, 9));
	cr_expect(eq(u32, tree.nodes[folded].parent, kept));
	cr_expect(eq(i64, tree.nodes[folded].flat[PROFILE_INUSE_SPACE], 10));
	cr_expect(eq(i64, tree.nodes[kept].flat[PROFILE_INUSE_SPACE], 5));
	cr_expect(eq(i64, tree.nodes[kept].cum[PROFILE_INUSE_SPACE], 15));
	call_tree_done(&tree);
}

Test(call_tree, a_folded_stack_ends_where_it_leaves_those_that_are_not)
{
	check_folded(/*stacks_max=*/1, /*nodes_max=*/100);
	check_folded(/*stacks_max=*/2, /*nodes_max=*/3);
}

static uint32_t add_main(struct place_table *table, const char *file, const char *module)
{
	const struct place place = { .function = "main", .file = file, .module = module };
	uint32_t number = UINT32_MAX;

	cr_assert(place_table_add(table, &place, false, true, &number) == 0);
	return number;
}

Test(place_table, a_place_of_two_programs_has_the_text_of_neither)
{
	struct place_table *table = place_table_new(true);
	uint32_t number = add_main(table, "/src/b.c", "prog_b");

	cr_expect(add_main(table, "/old/b.c", "prog_b") == number);
	cr_expect(eq(str, (char *)place_table_get(table, number)->module, "prog_b"));
	cr_expect(add_main(table, "/src/a.c", "prog_a") == number);
	cr_expect(eq(str, (char *)place_table_get(table, number)->module, ""));
	cr_expect(place_table_get(table, number)->file == NULL);
	cr_expect(add_main(table, "/src/b.c", "prog_b") == number);
	cr_expect(place_table_get(table, number)->file == NULL, "it stays so");
	place_table_free(table);
}

Test(shell_word, a_shell_reads_back_what_was_written)
{
	char text[32];

	cr_expect(shell_word("a/b-1.dump", text, sizeof(text)));
	cr_expect(eq(str, text, "a/b-1.dump"));
	cr_expect(shell_word("a b", text, sizeof(text)));
	cr_expect(eq(str, text, "'a b'"));
	cr_expect(shell_word("it's $x", text, sizeof(text)));
	cr_expect(eq(str, text, "'it'\\''s $x'"));
	cr_expect(shell_word("", text, sizeof(text)));
	cr_expect(eq(str, text, "''"));
}

Test(shell_word, what_does_not_fit_is_refused)
{
	char text[8];

	cr_expect(not(shell_word("12345678", text, sizeof(text))));
	cr_expect(not(shell_word("a b c d", text, sizeof(text))));
	cr_expect(not(shell_word("''", text, sizeof(text))));
}

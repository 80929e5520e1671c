/*
 * test_profile - the contracts in analyzer/profile/profile.h, stack_view.h and
 * place_rows.h on synthetic dumps whose truth is known
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/profile/profile.h"
#include "analyzer/views/place_rows.h"
#include "analyzer/views/stack_view.h"
#include "tests/segment_builder.h"

static struct fault fault;

static int try_load(struct segment_builder *builder, struct profile **ret_profile)
{
	struct target target = { .path = "test" };
	uint64_t length;
	unsigned char *bytes = segment_builder_bytes(builder, &length);
	int r;

	target.fd = memfd_create("segment", MFD_CLOEXEC);
	cr_assert(write(target.fd, bytes, length) == (ssize_t)length);
	r = profile_load(&target, ret_profile, &fault);
	close(target.fd);
	free(bytes);
	segment_builder_free(builder);
	return r;
}

static struct profile *load(struct segment_builder *builder)
{
	struct profile *profile = NULL;

	cr_assert(eq(int, try_load(builder, &profile), 0), "%s", fault.text);
	return profile;
}

Test(profile, threads_are_added_up_and_foreign_frees_subtracted)
{
	struct profile *profile = load(segment_builder_example());

	cr_expect(eq(sz, profile->stacks_count, 3));
	cr_expect(eq(u64, profile->total[PROFILE_INUSE_SPACE], 650));
	cr_expect(eq(u64, profile->total[PROFILE_INUSE_OBJECTS], 11));
	cr_expect(eq(u64, profile->total[PROFILE_ALLOC_SPACE], 6050));
	cr_expect(eq(u64, profile->total[PROFILE_ALLOC_OBJECTS], 20));
	cr_expect(profile->variance == NULL);
	profile_free(profile);
}

Test(profile, completeness_is_weighted_by_allocations)
{
	struct profile *profile = load(segment_builder_example());

	cr_expect(epsilon_eq(dbl, profile->coverage.stacks_complete_pct, 75.0, 1e-9));
	cr_expect(eq(u64, profile->coverage.truncated, 5));
	profile_free(profile);
}

Test(profile, losses_of_all_threads_are_added_up)
{
	struct segment_builder *builder = segment_builder_example();
	struct profile *profile;

	builder->threads[0].missed_frees = 1;
	builder->threads[1].missed_frees = 2;
	builder->threads[1].untracked_frees = 3;
	builder->threads[0].bypassed = 4;
	builder->threads[0].dropped = 5;
	builder->header.dropped = 6;
	builder->header.unprofiled_children = 7;
	profile = load(builder);
	cr_expect(eq(u64, profile->coverage.missed_frees, 3));
	cr_expect(eq(u64, profile->coverage.untracked_frees, 3));
	cr_expect(eq(u64, profile->coverage.bypassed, 4));
	cr_expect(eq(u64, profile->coverage.dropped, 11));
	cr_expect(eq(u64, profile->coverage.unprofiled_children, 7));
	profile_free(profile);
}

Test(profile, the_peak_is_never_below_what_is_in_use)
{
	struct segment_builder *builder = segment_builder_example();
	struct profile *profile;

	builder->header.peak_bytes = 3;
	profile = load(builder);
	cr_expect(eq(u64, profile->peak_space, 650));
	profile_free(profile);
}

Test(profile, sites_of_one_node_are_one_stack_and_samples_are_scaled)
{
	struct segment_builder *builder = segment_builder_new();
	uint32_t slot = segment_builder_thread(builder, "t");
	uint32_t node = segment_builder_node(builder, HR_NODE_ROOT, 0x10, 0);
	uint32_t exact = segment_builder_site(builder, node, 1);
	uint32_t sampled = segment_builder_site(builder, node, 4096);
	struct profile *profile;

	segment_builder_count(builder, slot, exact,
			      (struct heapring_counter){
				      .allocs = 2, .alloc_bytes = 20, .size = { 1, 1 } });
	segment_builder_count(
		builder, slot, sampled,
		(struct heapring_counter){
			.allocs = HR_OBJECT_UNIT * 5 / 2,
			.alloc_bytes = 4000,
			.sampled = { .alloc_bytes_var = 64, .free_bytes_var = 15 } });
	profile = load(builder);
	cr_assert(eq(sz, profile->stacks_count, 1));
	cr_expect(eq(u64, profile->stacks[0].value[PROFILE_ALLOC_OBJECTS], 5));
	cr_expect(eq(u64, profile->stacks[0].value[PROFILE_ALLOC_SPACE], 4020));
	cr_assert(profile->variance != NULL);
	cr_expect(epsilon_eq(dbl, profile->variance[0][PROFILE_ALLOC_SPACE], 64, 1e-9));
	cr_expect(epsilon_eq(dbl, profile->variance[0][PROFILE_INUSE_SPACE], 49, 1e-9));
	profile_free(profile);
}

Test(profile, inuse_is_never_negative)
{
	struct segment_builder *builder = segment_builder_example();
	struct profile *profile;

	segment_builder_count(
		builder, 1, HR_SITE_FIRST + 2,
		(struct heapring_counter){ .frees = 100, .free_bytes = 10000 });
	profile = load(builder);
	cr_expect(eq(u64, profile->total[PROFILE_INUSE_SPACE], 600));
	profile_free(profile);
}

Test(profile, figures_that_no_process_can_have_are_damage)
{
	const uint64_t most = 1ull << 62;

	for (uint64_t over = 0; over < 2; over++) {
		struct segment_builder *builder = segment_builder_example();
		struct profile *profile = NULL;

		/* the example's other sites allocated 6050 bytes */
		segment_builder_count(
			builder, 2, HR_SITE_FIRST,
			(struct heapring_counter){ .allocs = 1,
						   .alloc_bytes = most - 6051 + over });
		cr_expect(eq(int, try_load(builder, &profile), over ? -EINVAL : 0));
		profile_free(profile);
	}
	cr_expect(strstr(fault.text, "damaged") != NULL);
}

Test(profile, the_overflow_site_is_a_stack_of_its_own)
{
	struct segment_builder *builder = segment_builder_example();
	struct profile *profile;

	segment_builder_count(
		builder, 0, HR_SITE_OVERFLOW,
		(struct heapring_counter){ .allocs = 7, .alloc_bytes = 70 });
	profile = load(builder);
	cr_expect(eq(u64, profile->coverage.overflow, 7));
	cr_expect(eq(u32, profile->stacks[0].node, HR_END_OVERFLOW));
	profile_free(profile);
}

struct loaded {
	struct profile *profile;
	struct symbols *symbols;
	struct place_table *places;
	struct stack_view *view;
	struct stack_set set;
	struct place_rows rows;
	struct view_options options;
};

static void show(struct loaded *loaded, struct segment_builder *builder)
{
	loaded->profile = load(builder);
	cr_assert(eq(int,
		     symbols_load(loaded->profile, NULL, NULL, &loaded->symbols, &fault),
		     0));
	loaded->places = place_table_new(/*across_builds=*/false);
	loaded->set = (struct stack_set){ 0 };
	cr_assert(eq(int,
		     stack_view_new(loaded->profile, loaded->symbols, &loaded->options,
				    loaded->places, &loaded->view, &fault),
		     0));
	cr_assert(eq(int, stack_set_add(&loaded->set, loaded->profile, loaded->view), 0));
	cr_assert(eq(int,
		     place_rows_load(&loaded->set, loaded->places, loaded->options.sample,
				     false, &loaded->rows, &fault),
		     0));
}

static void done(struct loaded *loaded)
{
	place_rows_done(&loaded->rows);
	stack_set_done(&loaded->set);
	stack_view_free(loaded->view);
	place_table_free(loaded->places);
	symbols_free(loaded->symbols);
	profile_free(loaded->profile);
	view_options_done(&loaded->options);
}

static const struct place_row *row_of(const struct loaded *loaded, const char *function)
{
	for (uint32_t i = 0; i < loaded->rows.count; i++)
		if (strcmp(stack_view_place(loaded->view, loaded->rows.rows[i].place)
				   ->function,
			   function) == 0)
			return &loaded->rows.rows[i];
	return NULL;
}

Test(stack_view, frames_without_symbols_are_module_and_offset)
{
	struct loaded loaded;

	view_options_init(&loaded.options);
	show(&loaded, segment_builder_example());
	cr_expect(row_of(&loaded, "example+0x2001") != NULL);
	cr_expect(row_of(&loaded, "example+0x1001") != NULL);
	done(&loaded);
}

Test(stack_view, frames_of_the_shim_are_not_shown_and_their_caller_is_flat)
{
	struct loaded loaded;
	const struct place_row *read;

	view_options_init(&loaded.options);
	show(&loaded, segment_builder_example());
	cr_expect(row_of(&loaded, "libheapring.so+0x9001") == NULL);
	read = row_of(&loaded, "example+0x3001");
	cr_assert(read != NULL);
	cr_expect(eq(u64, read->flat[PROFILE_ALLOC_SPACE], 5000));
	done(&loaded);
}

Test(stack_view, a_cut_stack_ends_in_its_reason)
{
	struct loaded loaded;
	const struct place_row *truncated;

	view_options_init(&loaded.options);
	show(&loaded, segment_builder_example());
	truncated = row_of(&loaded, "[truncated]");
	cr_assert(truncated != NULL);
	cr_expect(eq(u64, truncated->flat[PROFILE_ALLOC_SPACE], 0));
	cr_expect(eq(u64, truncated->cum[PROFILE_ALLOC_SPACE], 50));
	done(&loaded);
}

static bool set(struct view_options *options, const char *name, const char *value)
{
	for (const struct option_spec *spec = options->specs; spec->name; spec++)
		if (strcmp(spec->name, name) == 0)
			return spec->set(spec->to, value);
	return false;
}

Test(stack_view, focus_keeps_and_ignore_drops_stacks)
{
	struct loaded loaded;

	view_options_init(&loaded.options);
	cr_assert(set(&loaded.options, "focus", "0x2001|0x3001"));
	cr_assert(set(&loaded.options, "ignore", "0x3001"));
	show(&loaded, segment_builder_example());
	cr_expect(eq(u64, loaded.rows.shown[PROFILE_ALLOC_SPACE], 1000));
	done(&loaded);
}

Test(stack_view, hide_gives_the_flat_figure_to_the_caller)
{
	struct loaded loaded;

	view_options_init(&loaded.options);
	cr_assert(set(&loaded.options, "hide", "0x2001"));
	show(&loaded, segment_builder_example());
	cr_expect(row_of(&loaded, "example+0x2001") == NULL);
	cr_expect(eq(u64, row_of(&loaded, "example+0x1001")->flat[PROFILE_ALLOC_SPACE],
		     1000));
	done(&loaded);
}

Test(view_options, a_broken_regular_expression_is_refused)
{
	struct view_options options;

	view_options_init(&options);
	cr_expect(not(set(&options, "focus", "(")));
	cr_expect(not(set(&options, "sample", "heap")));
	cr_expect(not(set(&options, "format", "xml")));
	view_options_done(&options);
}

Test(place_rows, a_recursive_function_counts_once_in_cum)
{
	struct segment_builder *builder = segment_builder_new();
	uint16_t module =
		segment_builder_module(builder, "/nonexistent/x", HR_MODULE_MAIN);
	uint32_t slot = segment_builder_thread(builder, "t");
	uint32_t node = HR_NODE_ROOT;
	struct loaded loaded;

	for (int i = 0; i < 5; i++)
		node = segment_builder_node(builder, node, 0x2001, module);
	segment_builder_count(
		builder, slot, segment_builder_site(builder, node, 1),
		(struct heapring_counter){ .allocs = 3, .alloc_bytes = 300 });
	view_options_init(&loaded.options);
	show(&loaded, builder);
	cr_assert(eq(u32, loaded.rows.count, 1));
	cr_expect(eq(u64, loaded.rows.rows[0].cum[PROFILE_ALLOC_SPACE], 300));
	cr_expect(eq(u64, loaded.rows.rows[0].flat[PROFILE_ALLOC_SPACE], 300));
	done(&loaded);
}

Test(place_rows, flat_adds_up_to_the_total)
{
	struct loaded loaded;
	uint64_t sum = 0;

	view_options_init(&loaded.options);
	show(&loaded, segment_builder_example());
	for (uint32_t i = 0; i < loaded.rows.count; i++)
		sum += loaded.rows.rows[i].flat[PROFILE_ALLOC_SPACE];
	cr_expect(eq(u64, sum, loaded.profile->total[PROFILE_ALLOC_SPACE]));
	done(&loaded);
}

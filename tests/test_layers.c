/*
 * test_layers - the contract of analyzer/views/layers.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/views/layers.h"

#define MIB (double)(1 << 20)

static const char POOL[] = "pool", FAIR[] = "fair", KEEPS[] = "keeps", OTHER[] = "other";

static struct layers *noted(double fair_taken, double fair_stayed, double taken,
			    double stayed)
{
	struct layers *layers = layers_new();

	cr_assert(layers != NULL);
	cr_assert(eq(int, layers_note(layers, POOL, FAIR, fair_taken, fair_stayed), 0));
	cr_assert(eq(int, layers_note(layers, POOL, KEEPS, taken, stayed), 0));
	return layers;
}

Test(layers, one_caller_gives_back_and_another_keeps)
{
	struct layers *layers = noted(10 * MIB, 100, MIB, MIB);

	cr_expect(layers_has(layers, POOL));
	cr_expect(not(layers_has(layers, OTHER)), "of which nothing was noted");
	layers_free(layers);
}

Test(layers, who_keeps_one_in_fifty_keeps)
{
	struct layers *layers = noted(10 * MIB, 0, MIB, MIB / 50);

	cr_expect(layers_has(layers, POOL));
	layers_free(layers);
}

Test(layers, a_function_whose_callers_all_keep_is_to_blame_itself)
{
	struct layers *layers = noted(MIB, MIB / 2, MIB, MIB);

	cr_expect(not(layers_has(layers, POOL)));
	layers_free(layers);
}

Test(layers, one_caller_makes_no_layer)
{
	struct layers *layers = layers_new();

	cr_assert(eq(int, layers_note(layers, POOL, KEEPS, MIB, MIB), 0));
	cr_assert(eq(int, layers_note(layers, POOL, KEEPS, MIB, -1.0), 0));
	cr_expect(not(layers_has(layers, POOL)));
	layers_free(layers);
}

Test(layers, a_caller_that_hardly_used_it_says_nothing)
{
	struct layers *layers = noted(1000, 0, MIB, MIB);

	cr_expect(not(layers_has(layers, POOL)));
	layers_free(layers);
}

Test(layers, what_is_at_work_just_now_is_not_kept)
{
	struct layers *layers = noted(1000 * MIB, 0, 1000 * MIB, 100000);

	cr_expect(not(layers_has(layers, POOL)));
	layers_free(layers);
}

Test(layers, more_callers_than_are_looked_at_do_no_harm)
{
	static const char names[200][2];
	struct layers *layers = layers_new();

	for (int i = 0; i < 200; i++)
		cr_assert(eq(int, layers_note(layers, POOL, names[i], MIB, MIB), 0));
	cr_expect(not(layers_has(layers, POOL)));
	layers_free(layers);
}

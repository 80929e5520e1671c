/*
 * page_fold - which stacks a page shows by themselves, and which as "(other)"
 */
#include "analyzer/page/page_fold.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct weighed {
	double weight;
	uint32_t entry;
};

static double magnitude(int64_t value)
{
	return fabs((double)value);
}

/* The largest of its shares of the four totals. */
static double weight_of(const struct stack_entry *entry,
			const double total[PROFILE_SAMPLES])
{
	double weight = 0;

	for (int s = 0; s < PROFILE_SAMPLES; s++)
		if (total[s] > 0)
			weight = fmax(weight, (magnitude(entry->value[s]) +
					       magnitude(entry->base[s])) /
						      total[s]);
	return weight;
}

static int by_weight(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

static void weigh(const struct stack_set *set, struct weighed *weighed)
{
	double total[PROFILE_SAMPLES] = { 0 };

	for (size_t i = 0; i < set->count; i++)
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			total[s] += magnitude(set->entries[i].value[s]) +
				    magnitude(set->entries[i].base[s]);
	for (size_t i = 0; i < set->count; i++)
		weighed[i] = (struct weighed){ weight_of(&set->entries[i], total),
					       (uint32_t)i };
	qsort(weighed, set->count, sizeof(*weighed), by_weight);
}

/* The entries, the largest first; NULL without memory. */
static uint32_t *order_of(const struct stack_set *set)
{
	struct weighed *weighed = calloc(set->count + 1, sizeof(*weighed));
	uint32_t *order = calloc(set->count + 1, sizeof(*order));

	if (weighed && order) {
		weigh(set, weighed);
		for (size_t i = 0; i < set->count; i++)
			order[i] = weighed[i].entry;
	} else {
		free(order);
		order = NULL;
	}
	free(weighed);
	return order;
}

int page_fold_load(const struct view_target *target, size_t limit,
		   struct call_tree_fold *ret_fold)
{
	const struct place other = { .function = PAGE_FOLD_NAME, .module = "" };
	struct call_tree_fold fold = { 0 };

	*ret_fold = fold;
	if (limit == 0)
		return 0;
	if (limit > UINT32_MAX / PAGE_FOLD_NODES)
		limit = UINT32_MAX / PAGE_FOLD_NODES;
	if (place_table_add(target->places, &other, /*by_line=*/true,
			    /*is_program=*/false, &fold.place) < 0)
		return -ENOMEM;
	fold.order = order_of(&target->set);
	fold.stacks_max = limit;
	fold.nodes_max = (uint32_t)limit * PAGE_FOLD_NODES;
	*ret_fold = fold;
	return fold.order ? 0 : -ENOMEM;
}

void page_fold_done(struct call_tree_fold *fold)
{
	free((void *)fold->order);
	fold->order = NULL;
}

bool page_fold_has(const struct call_tree_fold *fold, const struct call_tree *tree,
		   size_t entry)
{
	return fold->order && tree->nodes[tree->node_of[entry]].place == fold->place;
}

json_t *page_fold_json(const struct call_tree_fold *fold, const struct stack_set *set,
		       const struct call_tree *tree)
{
	int64_t sums[PROFILE_SAMPLES] = { 0 };
	json_int_t stacks = 0;
	json_t *object;

	for (size_t i = 0; i < set->count; i++) {
		if (!page_fold_has(fold, tree, i))
			continue;
		stacks++;
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			sums[s] += set->entries[i].value[s];
	}
	if (stacks == 0)
		return NULL;
	object = json_object();
	json_object_set_new(object, "stacks", json_integer(stacks));
	json_object_set_new(object, "shown",
			    json_integer((json_int_t)set->count - stacks));
	view_json_figures(object, "", sums);
	return object;
}

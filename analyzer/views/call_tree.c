/*
 * call_tree - stacks folded into one tree from the outside in
 *
 * While stacks are added, a hash table of (parent, place) finds the child; then
 * it goes, and the children are sorted and linked. Walks follow the links, so
 * that no recursion depends on the depth of somebody's stack.
 */
#include "analyzer/views/call_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/profile_figures.h"

struct building {
	struct call_tree tree;
	uint32_t *index; /* node + 1 */
	size_t size;
};

static size_t hash_of(uint32_t parent, uint32_t place)
{
	uint64_t mixed = ((uint64_t)parent << 32 | place) * 0x9e3779b97f4a7c15ull;

	return (size_t)(mixed ^ mixed >> 31);
}

static size_t slot_of(const struct building *building, uint32_t parent, uint32_t place)
{
	size_t at = hash_of(parent, place) & (building->size - 1);

	while (building->index[at]) {
		const struct call_node *node =
			&building->tree.nodes[building->index[at] - 1];

		if (node->parent == parent && node->place == place)
			break;
		at = (at + 1) & (building->size - 1);
	}
	return at;
}

/* The table is at most half full: it has twice the room of the array. */
static int grow(struct building *building)
{
	struct call_tree *tree = &building->tree;
	uint32_t room = tree->room ? tree->room * 2 : 1024;
	struct call_node *grown = realloc(tree->nodes, room * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	tree->nodes = grown;
	tree->room = room;
	free(building->index);
	building->size = (size_t)room * 2;
	building->index = calloc(building->size, sizeof(*building->index));
	if (!building->index)
		return -ENOMEM;
	for (uint32_t i = 1; i < tree->count; i++)
		building->index[slot_of(building, grown[i].parent, grown[i].place)] =
			i + 1;
	return 0;
}

static int find_child(struct building *building, uint32_t parent, uint32_t place,
		      uint32_t *ret_node)
{
	struct call_tree *tree = &building->tree;
	size_t at;

	if (tree->count == tree->room && grow(building) < 0)
		return -ENOMEM;
	at = slot_of(building, parent, place);
	if (!building->index[at]) {
		tree->nodes[tree->count] = (struct call_node){
			.place = place,
			.parent = parent,
			.child = CALL_TREE_NONE,
			.next = CALL_TREE_NONE,
			.depth = tree->nodes[parent].depth + 1,
		};
		building->index[at] = ++tree->count;
	}
	*ret_node = building->index[at] - 1;
	return 0;
}

static bool has_child(const struct building *building, uint32_t parent, uint32_t place)
{
	return building->index[slot_of(building, parent, place)] != 0;
}

/* fold: NULL, or of a stack that is folded. */
static int add_stack(struct building *building, const struct stack_set *set,
		     const struct stack_entry *entry, const struct call_tree_fold *fold)
{
	const uint32_t *places = stack_set_places(set, entry);
	uint32_t node = 0;

	figures_add(building->tree.nodes[0].cum, entry->value);
	for (uint32_t f = entry->count; f-- > 0;) {
		bool ends = fold && !has_child(building, node, places[f]);

		if (find_child(building, node, ends ? fold->place : places[f], &node) < 0)
			return -ENOMEM;
		figures_add(building->tree.nodes[node].cum, entry->value);
		if (ends)
			break;
	}
	building->tree.node_of[entry - set->entries] = node;
	figures_add(building->tree.nodes[node].flat, entry->value);
	figures_add(building->tree.nodes[node].base_flat, entry->base);
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		building->tree.nodes[node].variance[s] += entry->variance[s];
	return 0;
}

/* Those that are folded come last, when the others' nodes are all there. */
static int add_stacks(struct building *building, const struct stack_set *set,
		      const struct call_tree_fold *fold)
{
	bool folds = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->count; i++) {
		folds = fold && (folds || i >= fold->stacks_max ||
				 building->tree.count >= fold->nodes_max);
		r = add_stack(building, set, &set->entries[fold ? fold->order[i] : i],
			      folds ? fold : NULL);
	}
	return r;
}

struct order {
	const struct call_tree *tree;
	enum profile_sample sample;
};

/* By parent, and of one parent the smallest first: linking turns that round. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct order *order = arg;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	const struct call_node *x = &order->tree->nodes[i], *y = &order->tree->nodes[j];
	uint64_t left = (uint64_t)llabs(x->cum[order->sample]);
	uint64_t right = (uint64_t)llabs(y->cum[order->sample]);

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (left != right)
		return left < right ? -1 : 1;
	return (i < j) - (i > j);
}

static int link_children(struct call_tree *tree, enum profile_sample sample)
{
	struct order order = { tree, sample };
	uint32_t *numbers = malloc(tree->count * sizeof(*numbers));

	if (!numbers)
		return -ENOMEM;
	for (uint32_t i = 1; i < tree->count; i++)
		numbers[i - 1] = i;
	qsort_r(numbers, tree->count - 1, sizeof(*numbers), compare, &order);
	for (uint32_t i = 0; i + 1 < tree->count; i++) {
		struct call_node *node = &tree->nodes[numbers[i]];
		struct call_node *parent = &tree->nodes[node->parent];

		node->next = parent->child;
		parent->child = numbers[i];
	}
	free(numbers);
	return 0;
}

int call_tree_load(const struct stack_set *set, enum profile_sample sample,
		   const struct call_tree_fold *fold, struct call_tree *ret_tree,
		   struct fault *fault)
{
	struct building building = { 0 };
	int r = grow(&building);

	building.tree.node_of = calloc(set->count + 1, sizeof(uint32_t));
	if (!building.tree.node_of)
		r = -ENOMEM;
	if (r == 0) {
		building.tree.nodes[0] = (struct call_node){ .place = CALL_TREE_NONE,
							     .child = CALL_TREE_NONE,
							     .next = CALL_TREE_NONE };
		building.tree.count = 1;
	}
	if (r == 0)
		r = add_stacks(&building, set, fold);
	free(building.index);
	if (r == 0)
		r = link_children(&building.tree, sample);
	if (r < 0) {
		call_tree_done(&building.tree);
		return fault_set(fault, FAULT_INPUT, r, "out of memory for the tree");
	}
	*ret_tree = building.tree;
	return 0;
}

void call_tree_done(struct call_tree *tree)
{
	free(tree->nodes);
	free(tree->node_of);
	memset(tree, 0, sizeof(*tree));
}

uint32_t call_tree_next(const struct call_tree *tree, uint32_t node, bool inside)
{
	if (inside && tree->nodes[node].child != CALL_TREE_NONE)
		return tree->nodes[node].child;
	while (node != 0 && tree->nodes[node].next == CALL_TREE_NONE)
		node = tree->nodes[node].parent;
	return node == 0 ? 0 : tree->nodes[node].next;
}

/*
 * call_tree - stacks folded into one tree from the outside in
 *
 * Contract
 *   - node 0 is the root: it has no place, and its cum is the sum of all stacks;
 *   - a node's cum is its flat and its children's cum;
 *   - children are ordered by the size of the sample's cum, largest first;
 *   - a parent has a lower number than its children;
 *   - a stack that is folded goes as far as those that are not go with it, and ends there
 *     in the fold's place.
 */
#ifndef ANALYZER_VIEWS_CALL_TREE_H
#define ANALYZER_VIEWS_CALL_TREE_H

#include "analyzer/views/stack_set.h"

#define CALL_TREE_NONE UINT32_MAX

struct call_node {
	uint32_t place; /* CALL_TREE_NONE at the root */
	uint32_t parent, child, next;
	uint32_t depth; /* 0 at the root */
	int64_t flat[PROFILE_SAMPLES];
	int64_t cum[PROFILE_SAMPLES];
	int64_t base_flat[PROFILE_SAMPLES]; /* what a base took off flat */
	double variance[PROFILE_SAMPLES];   /* of flat */
};

struct call_tree {
	struct call_node *nodes;
	uint32_t count, room;
	uint32_t *node_of; /* by entry of the set: its innermost frame */
};

/* Which stacks are worth their nodes: the first in order, up to either bound. */
struct call_tree_fold {
	const uint32_t *order; /* all entries of the set */
	size_t stacks_max;
	uint32_t nodes_max;
	uint32_t place; /* where the others end */
};

/* fold NULL: none. */
int call_tree_load(const struct stack_set *set, enum profile_sample sample,
		   const struct call_tree_fold *fold, struct call_tree *ret_tree,
		   struct fault *fault);
void call_tree_done(struct call_tree *tree);

/*
 * The node after this one, children before siblings; those below are skipped when
 * `inside` is false. 0 after the last.
 */
uint32_t call_tree_next(const struct call_tree *tree, uint32_t node, bool inside);

#endif

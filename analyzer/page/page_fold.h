/*
 * page_fold - which stacks a page shows by themselves, and which as "(other)"
 *
 * Why it exists: a page of a million stacks has over a hundred megabytes, and a browser
 * holds several times that. Nobody looks at the smallest of them one by one.
 *
 * Contract
 *   - of more stacks than `limit`, or of so many that the call tree has over
 *     PAGE_FOLD_NODES times as many nodes, those are kept that are the largest share of
 *     any of the four totals; what a base took off counts as if it were still there;
 *   - the others end in one place, "(other)", below the outermost of their calls that
 *     kept stacks make as well: totals stay exact, and so do the figures of those calls.
 */
#ifndef ANALYZER_PAGE_PAGE_FOLD_H
#define ANALYZER_PAGE_PAGE_FOLD_H

#include "analyzer/views/call_tree.h"
#include "analyzer/views/view_output.h"

#define PAGE_FOLD_NAME "(other)"

#define PAGE_FOLD_NODES 20u

/* limit 0: none. 0 or -ENOMEM; *ret_fold has an order only when there is a limit. */
int page_fold_load(const struct view_target *target, size_t limit,
		   struct call_tree_fold *ret_fold);
void page_fold_done(struct call_tree_fold *fold);

/* Is the entry a part of "(other)" in that tree? */
bool page_fold_has(const struct call_tree_fold *fold, const struct call_tree *tree,
		   size_t entry);

/* {stacks, shown, inuse_space, ..}: what is "(other)"; NULL when nothing is. */
json_t *page_fold_json(const struct call_tree_fold *fold, const struct stack_set *set,
		       const struct call_tree *tree);

#endif

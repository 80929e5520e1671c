/*
 * process_tree - which segment came out of which
 *
 * Contract
 *   - three kinds of descent, the first that applies: a process that was forked and
 *     holds its parent's blocks names the parent's segment; an image that replaced
 *     another one by exec has that one as parent; a process that began anew (vfork,
 *     posix_spawn, fork and exec at once) is under the image that its ppid was then;
 *   - a parent began before its child, so hostile segments make no cycle;
 *   - roots, and the children of one parent, come in the order in which they began;
 *     a child follows its parent and all that came out of earlier children.
 */
#ifndef ANALYZER_SEGMENT_PROCESS_TREE_H
#define ANALYZER_SEGMENT_PROCESS_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include <heapring/segment.h>

#define PROCESS_TREE_NONE SIZE_MAX

enum process_descent {
	PROCESS_ROOT,
	PROCESS_FORKED,
	PROCESS_EXECED,
	PROCESS_SPAWNED,
};

struct process_node {
	const struct heapring_header *header; /* set by the caller */
	size_t parent;                        /* PROCESS_TREE_NONE: a root */
	enum process_descent descent;
	unsigned depth;
	bool last;       /* no sibling after it */
	size_t position; /* in the walk that the contract describes, from 0 */
};

/* Fills in all but `header`. Returns 0, or -ENOMEM. */
int process_tree_link(struct process_node *nodes, size_t count);

/* "root", "fork", "exec" or "spawn". */
const char *process_descent_name(enum process_descent descent);

#endif

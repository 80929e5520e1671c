/*
 * process_tree - which segment came out of which
 *
 * Nodes are looked at in the order in which they began, by pid and then by time, so a
 * parent is found by binary search. The walk is the order of a stable sort of siblings:
 * counted child by child, without recursion, because a hostile folder may hold a chain
 * as long as it has files.
 */
#include "analyzer/segment/process_tree.h"

#include <errno.h>
#include <stdlib.h>

struct linking {
	struct process_node *nodes;
	size_t count;
	size_t *by_pid;   /* by pid, then start */
	size_t *by_start; /* by start */
	size_t *first;    /* first child of each, [count]: first root */
	size_t *next;     /* next sibling */
};

static int compare(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

static int by_pid_then_start(const void *a, const void *b, void *arg)
{
	const struct process_node *nodes = arg;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	const struct heapring_header *x = nodes[i].header, *y = nodes[j].header;
	int r = compare(x->pid, y->pid);

	if (r == 0)
		r = compare(x->start_unix_ns, y->start_unix_ns);
	return r ? r : compare(i, j);
}

static int by_start(const void *a, const void *b, void *arg)
{
	const struct process_node *nodes = arg;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int r = compare(nodes[i].header->start_unix_ns, nodes[j].header->start_unix_ns);

	return r ? r : compare(i, j);
}

/* The newest image of that pid that began before the time, or NONE. */
static size_t image_before(const struct linking *linking, uint32_t pid, uint64_t time)
{
	size_t low = 0, high = linking->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct heapring_header *header =
			linking->nodes[linking->by_pid[middle]].header;

		if (header->pid < pid ||
		    (header->pid == pid && header->start_unix_ns < time))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || linking->nodes[linking->by_pid[low - 1]].header->pid != pid)
		return PROCESS_TREE_NONE;
	return linking->by_pid[low - 1];
}

static size_t forked_from(const struct linking *linking,
			  const struct heapring_header *header)
{
	size_t at;

	if (!header->parent_pid || header->parent_start_unix_ns >= header->start_unix_ns)
		return PROCESS_TREE_NONE;
	at = image_before(linking, header->parent_pid, header->parent_start_unix_ns + 1);
	if (at != PROCESS_TREE_NONE &&
	    linking->nodes[at].header->start_unix_ns != header->parent_start_unix_ns)
		at = PROCESS_TREE_NONE;
	return at;
}

/* Only an image of the same process: pids are used again. */
static size_t execed_from(const struct linking *linking,
			  const struct heapring_header *header)
{
	size_t at = image_before(linking, header->pid, header->start_unix_ns);

	if (at != PROCESS_TREE_NONE &&
	    linking->nodes[at].header->start_ticks != header->start_ticks)
		at = PROCESS_TREE_NONE;
	return at;
}

static void find_parent(const struct linking *linking, struct process_node *node)
{
	const struct heapring_header *header = node->header;

	node->descent = PROCESS_FORKED;
	node->parent = forked_from(linking, header);
	if (node->parent == PROCESS_TREE_NONE) {
		node->descent = PROCESS_EXECED;
		node->parent = execed_from(linking, header);
	}
	if (node->parent == PROCESS_TREE_NONE) {
		node->descent = PROCESS_SPAWNED;
		node->parent = image_before(linking, header->ppid, header->start_unix_ns);
	}
	if (node->parent == PROCESS_TREE_NONE)
		node->descent = PROCESS_ROOT;
}

/* From the youngest on, so that each list of children begins with the eldest. */
static void list_children(struct linking *linking)
{
	size_t count = linking->count;

	for (size_t i = 0; i <= count; i++)
		linking->first[i] = PROCESS_TREE_NONE;
	for (size_t i = count; i-- > 0;) {
		size_t at = linking->by_start[i];
		struct process_node *node = &linking->nodes[at];
		size_t list = node->parent == PROCESS_TREE_NONE ? count : node->parent;

		node->last = linking->first[list] == PROCESS_TREE_NONE;
		linking->next[at] = linking->first[list];
		linking->first[list] = at;
	}
}

static void walk(struct linking *linking)
{
	size_t at = linking->first[linking->count], position = 0;

	while (at != PROCESS_TREE_NONE) {
		struct process_node *node = &linking->nodes[at];

		node->position = position++;
		node->depth = node->parent == PROCESS_TREE_NONE
				      ? 0
				      : linking->nodes[node->parent].depth + 1;
		if (linking->first[at] != PROCESS_TREE_NONE) {
			at = linking->first[at];
			continue;
		}
		while (at != PROCESS_TREE_NONE && linking->next[at] == PROCESS_TREE_NONE)
			at = linking->nodes[at].parent;
		if (at != PROCESS_TREE_NONE)
			at = linking->next[at];
	}
}

int process_tree_link(struct process_node *nodes, size_t count)
{
	size_t *room = malloc((count * 4 + 1) * sizeof(*room));
	struct linking linking = { nodes,
				   count,
				   .by_pid = room,
				   .by_start = room + count,
				   .next = room + 2 * count,
				   .first = room + 3 * count };

	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		linking.by_pid[i] = linking.by_start[i] = i;
	if (count > 0) {
		qsort_r(linking.by_pid, count, sizeof(size_t), by_pid_then_start, nodes);
		qsort_r(linking.by_start, count, sizeof(size_t), by_start, nodes);
	}
	for (size_t i = 0; i < count; i++)
		find_parent(&linking, &nodes[i]);
	list_children(&linking);
	walk(&linking);
	free(room);
	return 0;
}

const char *process_descent_name(enum process_descent descent)
{
	static const char *const names[] = { "root", "fork", "exec", "spawn" };

	return names[descent];
}

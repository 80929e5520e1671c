/*
 * unbounded-queue - a linked list between the stages, with a copy in each node
 *
 * What people write first: the poller appends, the next stage takes when it can.
 * Nothing ever tells the poller to stop, so the list is as long as the lag.
 */
#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

struct node {
	struct node *next;
	struct row row;
	uint8_t payload[];
};

static struct node *head, **tail = &head; /* the poller's alone */

static bool polled(const struct row *row)
{
	struct node *node = memory_alloc(sizeof(*node) + row->len);

	if (node == NULL)
		return false;
	node->next = NULL;
	node->row = *row;
	memcpy(node->payload, row->payload, row->len);
	rd_kafka_message_destroy(row->message);
	*tail = node;
	tail = &node->next;
	return true;
}

static bool give(struct row *row)
{
	struct node *node = head;

	if (node == NULL)
		return false;
	head = node->next;
	if (head == NULL)
		tail = &head;
	*row = node->row;
	row->message = NULL;
	row->payload = node->payload;
	row->copy = node;
	return true;
}

const struct fault fault_unbounded_queue = {
	.name = "unbounded-queue",
	.what = "every message is copied into a list that has no limit",
	.expect = "live bytes of polled() grow in a straight line with the lag",
	.tune = slow_sink,
	.takes_all = true,
	.polled = polled,
	.give = give,
};

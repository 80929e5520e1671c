/*
 * decode_copy_wire - an order in Protobuf, unpacked with protobuf-c, copied out
 *
 * protobuf-c allocates every message, string and list; the fields are copied
 * into the event's own memory and the unpacked message is freed.
 */
#include "pipeline/decode/decode.h"

#include <errno.h>

#include "event.pb-c.h"
#include "pipeline/base/memory.h"
#include "pipeline/decode/decode_copy.h"

static void *wire_alloc(void *unused, size_t size)
{
	(void)unused;
	return memory_lib_alloc(size);
}

static void wire_free(void *unused, void *block)
{
	(void)unused;
	free(block);
}

static ProtobufCAllocator counting = { .alloc = wire_alloc, .free = wire_free };

static int keep(struct copy *c, const char *text, struct view *ret)
{
	return copy_text(c, text, strlen(text), ret);
}

static int read_lists(struct copy *c, const Heapring__OrderEvent *order)
{
	struct event_item *items;
	int r;

	if (order->n_items > EVENT_ITEMS_MAX || order->n_tags > EVENT_TAGS_MAX)
		return -EBADMSG;
	r = copy_items(c, (unsigned)order->n_items, &items);
	for (size_t i = 0; r == 0 && i < order->n_items; i++) {
		items[i].price_cents = order->items[i]->price_cents;
		items[i].quantity = order->items[i]->quantity;
		r = keep(c, order->items[i]->sku, &items[i].sku);
	}
	for (size_t i = 0; r == 0 && i < order->n_tags; i++)
		r = copy_tag(c, order->tags[i]->key, order->tags[i]->value);
	return r;
}

static int read_order(struct copy *c, const Heapring__OrderEvent *order, struct event *e)
{
	int r;

	e->id = order->id;
	e->created_ms = order->created_ms;
	e->amount_cents = order->amount_cents;
	if ((r = keep(c, order->customer, &e->customer)) != 0 ||
	    (r = keep(c, order->country, &e->country)) != 0 ||
	    (r = keep(c, order->currency, &e->currency)) != 0 ||
	    (r = keep(c, order->status, &e->status)) != 0 ||
	    (r = keep(c, order->note, &e->note)) != 0 || (r = read_lists(c, order)) != 0)
		return r;
	return copy_finish(c, e);
}

int decode_copy_wire(const uint8_t *payload, size_t len, struct arena *a, struct event *e,
		     const char **ret_why)
{
	ProtobufCAllocator *allocator = memory_profiled() ? NULL : &counting;
	struct copy *c = copy_new(payload, len);
	Heapring__OrderEvent *order;
	int r = -EBADMSG;

	*e = (struct event){ 0 };
	if (c == NULL)
		return -ENOMEM;
	order = heapring__order_event__unpack(allocator, len,
					      (const uint8_t *)copy_payload(c));
	if (order != NULL) {
		r = read_order(c, order, e);
		heapring__order_event__free_unpacked(order, allocator);
	}
	*ret_why = r == 0 ? event_check(e) : "not a Protobuf order";
	if (r == 0 && *ret_why == NULL) {
		e->copy = c;
		return 0;
	}
	copy_free(c);
	return r == 0 ? -EBADMSG : r;
}

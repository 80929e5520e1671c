/*
 * decode_wire - an order in Protobuf to an event of views
 *
 * Reads the wire format of event.proto directly: a tag is (field << 3 | type),
 * types are varint (0), eight bytes (1), length-delimited (2) and four bytes (5).
 * Every read is checked against the end of what it is in; a nested message is a
 * smaller window on the same bytes. A known field with an unexpected type is
 * refused, an unknown field is passed over, as protobuf-c does; number 0 is none.
 */
#include "pipeline/decode/decode.h"

#include <errno.h>
#include <string.h>

struct wire {
	const uint8_t *at;
	const uint8_t *end;
};

enum {
	WIRE_VARINT = 0,
	WIRE_EIGHT = 1,
	WIRE_BYTES = 2,
	WIRE_FOUR = 5,
};

#define TAG(field, type) ((field) << 3 | (type))

static inline int read_varint(struct wire *w, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && w->at < w->end; shift += 7) {
		uint8_t byte = *w->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = value;
			return 0;
		}
	}
	return -EBADMSG;
}

static inline int read_eight(struct wire *w, uint64_t *ret)
{
	if (w->end - w->at < 8)
		return -EBADMSG;
	memcpy(ret, w->at, 8);
	w->at += 8;
	return 0;
}

static inline int read_view(struct wire *w, struct view *ret)
{
	uint64_t len;

	if (read_varint(w, &len) != 0 || len > (uint64_t)(w->end - w->at))
		return -EBADMSG;
	*ret = (struct view){ (const char *)w->at, (uint32_t)len };
	w->at += len;
	return 0;
}

/* known: the highest number of the message. Those up to it are not skipped: what comes
 * here has another type than the schema says. */
static int skip_field(struct wire *w, uint64_t tag, unsigned known)
{
	struct view bytes;
	uint64_t number;

	if (tag >> 3 <= known || tag > UINT32_MAX)
		return -EBADMSG;
	switch (tag & 7) {
	case WIRE_VARINT:
		return read_varint(w, &number);
	case WIRE_EIGHT:
		return read_eight(w, &number);
	case WIRE_BYTES:
		return read_view(w, &bytes);
	case WIRE_FOUR:
		if (w->end - w->at < 4)
			return -EBADMSG;
		w->at += 4;
		return 0;
	default:
		return -EBADMSG;
	}
}

static int open_nested(struct wire *w, struct wire *ret)
{
	struct view bytes;
	int r = read_view(w, &bytes);

	if (r == 0)
		*ret = (struct wire){ (const uint8_t *)bytes.at,
				      (const uint8_t *)bytes.at + bytes.len };
	return r;
}

static int read_item(struct wire *outer, struct event_item *item)
{
	struct wire w = { 0 };
	uint64_t tag, number;
	int r = open_nested(outer, &w);

	*item = (struct event_item){ 0 };
	while (r == 0 && w.at < w.end) {
		r = read_varint(&w, &tag);
		if (r != 0)
			break;
		switch (tag) {
		case TAG(1, WIRE_BYTES):
			r = read_view(&w, &item->sku);
			break;
		case TAG(2, WIRE_VARINT):
			r = read_varint(&w, &number);
			if (r == 0)
				item->quantity = (uint32_t)number;
			break;
		case TAG(3, WIRE_VARINT):
			r = read_varint(&w, &item->price_cents);
			break;
		default:
			r = skip_field(&w, tag, 3);
		}
	}
	return r;
}

static int read_tag(struct wire *outer, struct event_tag *pair)
{
	struct wire w = { 0 };
	uint64_t tag;
	int r = open_nested(outer, &w);

	*pair = (struct event_tag){ 0 };
	while (r == 0 && w.at < w.end) {
		r = read_varint(&w, &tag);
		if (r != 0)
			break;
		if (tag == TAG(1, WIRE_BYTES))
			r = read_view(&w, &pair->key);
		else if (tag == TAG(2, WIRE_BYTES))
			r = read_view(&w, &pair->value);
		else
			r = skip_field(&w, tag, 2);
	}
	return r;
}

/* The lists of an order while it is read; they move to the arena at its end. */
struct lists {
	struct event_item items[EVENT_ITEMS_MAX];
	struct event_tag tags[EVENT_TAGS_MAX];
};

static int read_field(struct wire *w, uint64_t tag, struct event *e, struct lists *lists)
{
	switch (tag) {
	case TAG(1, WIRE_EIGHT):
		return read_eight(w, &e->id);
	case TAG(2, WIRE_EIGHT):
		return read_eight(w, &e->created_ms);
	case TAG(3, WIRE_BYTES):
		return read_view(w, &e->customer);
	case TAG(4, WIRE_BYTES):
		return read_view(w, &e->country);
	case TAG(5, WIRE_BYTES):
		return read_view(w, &e->currency);
	case TAG(6, WIRE_VARINT):
		return read_varint(w, &e->amount_cents);
	case TAG(7, WIRE_BYTES):
		return read_view(w, &e->status);
	case TAG(8, WIRE_BYTES):
		if (e->n_items == EVENT_ITEMS_MAX)
			return -EBADMSG;
		return read_item(w, &lists->items[e->n_items++]);
	case TAG(9, WIRE_BYTES):
		if (e->n_tags == EVENT_TAGS_MAX)
			return -EBADMSG;
		return read_tag(w, &lists->tags[e->n_tags++]);
	case TAG(10, WIRE_BYTES):
		return read_view(w, &e->note);
	default:
		return skip_field(w, tag, 10);
	}
}

static int keep_lists(struct arena *a, struct event *e, const struct lists *lists)
{
	size_t item_bytes = e->n_items * sizeof(lists->items[0]);
	size_t tag_bytes = e->n_tags * sizeof(lists->tags[0]);
	uint8_t *to = arena_alloc(a, item_bytes + tag_bytes);

	if (to == NULL)
		return -ENOMEM;
	memcpy(to, lists->items, item_bytes);
	memcpy(to + item_bytes, lists->tags, tag_bytes);
	e->items = (const struct event_item *)to;
	e->tags = (const struct event_tag *)(to + item_bytes);
	return 0;
}

int decode_wire(const uint8_t *payload, size_t len, struct arena *a, struct event *e,
		const char **ret_why)
{
	struct wire w = { payload, payload + len };
	struct lists lists;
	uint64_t tag;
	int r = 0;

	*e = (struct event){ 0 };
	while (r == 0 && w.at < w.end) {
		r = read_varint(&w, &tag);
		if (r == 0)
			r = read_field(&w, tag, e, &lists);
	}
	if (r == 0)
		r = keep_lists(a, e, &lists);
	*ret_why = r == 0 ? event_check(e) : "not a Protobuf order";
	return r == 0 && *ret_why != NULL ? -EBADMSG : r;
}

/*
 * json_usual - an order in JSON as serializers write it, at half the cost
 *
 * The general reader asks at every step what comes next. Here the next key is expected
 * whole, with the comma before it and the quote or bracket behind it, which is one
 * comparison of 16 bytes; a field that is left out costs just that. Everything is inline
 * in one function, so that the position stays in a register. What is not expected ends
 * it, and decode_json() starts again from the beginning: the two cannot differ in what
 * they accept.
 */
#include "pipeline/decode/json_usual.h"

#include <string.h>

#include "pipeline/decode/scan_digits.h"
#include "pipeline/decode/scan_find.h"

struct text {
	const uint8_t *at, *end;
};

/* literal is at most 16 bytes. */
#define TAKE(t, literal)                                                                 \
	take(t, literal "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof(literal) - 1)

static inline __attribute__((always_inline)) bool take(struct text *t, const char *padded,
						       size_t len)
{
	if (!scan_starts(t->at, t->end, padded, len))
		return false;
	t->at += len;
	return true;
}

static inline bool take_byte(struct text *t, char c)
{
	if (t->at == t->end || *t->at != (uint8_t)c)
		return false;
	t->at++;
	return true;
}

/* The rest of a string, and its closing quote. */
static inline bool take_string(struct text *t, struct view *ret)
{
	const uint8_t *stop = scan_find(t->at, t->end);

	if (stop == t->end || *stop != '"')
		return false;
	*ret = (struct view){ (const char *)t->at, (uint32_t)(stop - t->at) };
	t->at = stop + 1;
	return true;
}

/* At most 15 digits; what follows must end a number. */
static inline bool take_number(struct text *t, uint64_t *ret)
{
	const uint8_t *start = scan_blanks(t->at, t->end);
	const uint8_t *stop = scan_digits(start, t->end, ret);

	if (stop == start || stop == t->end || (*stop != ',' && *stop != '}') ||
	    (*start == '0' && stop - start > 1))
		return false;
	t->at = stop;
	return true;
}

static inline bool take_item(struct text *t, struct event_item *item)
{
	uint64_t quantity = 0;

	*item = (struct event_item){ 0 };
	if (!TAKE(t, "{\"sku\":\"") || !take_string(t, &item->sku) ||
	    !TAKE(t, ",\"qty\":") || !take_number(t, &quantity) ||
	    !TAKE(t, ",\"price\":") || !take_number(t, &item->price_cents))
		return false;
	item->quantity = (uint32_t)quantity;
	return quantity <= UINT32_MAX && take_byte(t, '}');
}

static inline bool take_pair(struct text *t, struct event_tag *tag)
{
	return take_byte(t, '"') && take_string(t, &tag->key) && TAKE(t, ":\"") &&
	       take_string(t, &tag->value);
}

/* The lists of an order while it is read; they move to the arena at its end. */
struct lists {
	struct event_item items[EVENT_ITEMS_MAX];
	struct event_tag tags[EVENT_TAGS_MAX];
	unsigned n_items, n_tags;
};

static inline bool take_next_item(struct text *t, struct lists *lists)
{
	return lists->n_items < EVENT_ITEMS_MAX &&
	       take_item(t, &lists->items[lists->n_items++]);
}

static inline bool take_next_tag(struct text *t, struct lists *lists)
{
	return lists->n_tags < EVENT_TAGS_MAX &&
	       take_pair(t, &lists->tags[lists->n_tags++]);
}

/* Elements up to the closing bracket, the opening one was taken. Inlined, so that the
 * call by pointer is none. */
static inline __attribute__((always_inline)) bool
take_list(struct text *t, char closing, bool (*next)(struct text *, struct lists *),
	  struct lists *lists)
{
	if (take_byte(t, closing))
		return true;
	do
		if (!next(t, lists))
			return false;
	while (take_byte(t, ','));
	return take_byte(t, closing);
}

static inline bool take_fields(struct text *t, struct event *e, struct lists *lists)
{
	return TAKE(t, "{\"id\":") && take_number(t, &e->id) &&
	       (!TAKE(t, ",\"created\":") || take_number(t, &e->created_ms)) &&
	       (!TAKE(t, ",\"customer\":\"") || take_string(t, &e->customer)) &&
	       (!TAKE(t, ",\"country\":\"") || take_string(t, &e->country)) &&
	       (!TAKE(t, ",\"currency\":\"") || take_string(t, &e->currency)) &&
	       (!TAKE(t, ",\"amount\":") || take_number(t, &e->amount_cents)) &&
	       (!TAKE(t, ",\"status\":\"") || take_string(t, &e->status)) &&
	       (!TAKE(t, ",\"items\":[") || take_list(t, ']', take_next_item, lists)) &&
	       (!TAKE(t, ",\"tags\":{") || take_list(t, '}', take_next_tag, lists)) &&
	       (!TAKE(t, ",\"note\":\"") || take_string(t, &e->note)) &&
	       take_byte(t, '}') && t->at == t->end;
}

bool json_usual(const uint8_t *at, const uint8_t *end, struct arena *a, struct event *e)
{
	struct text t = { at, end };
	struct lists lists;
	size_t item_bytes, tag_bytes;
	uint8_t *to;

	*e = (struct event){ 0 };
	lists.n_items = lists.n_tags = 0;
	if (!take_fields(&t, e, &lists))
		return false;
	item_bytes = lists.n_items * sizeof(lists.items[0]);
	tag_bytes = lists.n_tags * sizeof(lists.tags[0]);
	to = arena_alloc(a, item_bytes + tag_bytes);
	if (to == NULL)
		return false;
	memcpy(to, lists.items, item_bytes);
	memcpy(to + item_bytes, lists.tags, tag_bytes);
	e->items = (const struct event_item *)to;
	e->tags = (const struct event_tag *)(to + item_bytes);
	e->n_items = (uint16_t)lists.n_items;
	e->n_tags = (uint16_t)lists.n_tags;
	return true;
}

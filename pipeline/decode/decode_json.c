/*
 * decode_json - an order in JSON to an event of views
 *
 * Directed by the schema: the key decides who reads the value, nothing is kept
 * that nobody asked for. Text of the usual form is json_usual.c's; this reads all that
 * is JSON. A producer writes its fields in one order, so the key that follows the last
 * one in that order is compared as a whole first; any other order is right too, and
 * costs a look through the list. Items and tags gather in arrays on the stack and move
 * to the arena when their number is known.
 */
#include "pipeline/decode/decode.h"

#include <errno.h>
#include <string.h>

#include "pipeline/decode/json_usual.h"
#include "pipeline/decode/scan.h"

static int keep(struct scan *s, const void *from, size_t bytes, const void **ret)
{
	void *to = arena_alloc(s->arena, bytes);

	if (to == NULL)
		return -ENOMEM;
	memcpy(to, from, bytes);
	*ret = to;
	return 0;
}

static int read_key(struct scan *s, struct view *ret)
{
	int r = scan_string(s, ret);

	return r != 0 ? r : scan_take(s, ':');
}

enum {
	FIELD_ID,
	FIELD_CREATED,
	FIELD_CUSTOMER,
	FIELD_COUNTRY,
	FIELD_CURRENCY,
	FIELD_AMOUNT,
	FIELD_STATUS,
	FIELD_ITEMS,
	FIELD_TAGS,
	FIELD_NOTE,
	FIELDS,
};

enum {
	ITEM_SKU,
	ITEM_QUANTITY,
	ITEM_PRICE,
	ITEMS,
};

/* A key as it usually stands in the text, quotes and colon included. */
struct key {
	char text[SCAN_TEXT];
	unsigned len;
};

#define KEY(name)                                                                        \
	{                                                                                \
		"\"" name "\":", sizeof(name) + 2                                        \
	}

static const struct key order_keys[FIELDS] = {
	KEY("id"),     KEY("created"), KEY("customer"), KEY("country"), KEY("currency"),
	KEY("amount"), KEY("status"),  KEY("items"),    KEY("tags"),    KEY("note"),
};

static const struct key item_keys[ITEMS] = { KEY("sku"), KEY("qty"), KEY("price") };

/* Which of n keys is next: the guess first, then any. n when none of them. */
static inline int which_key(struct scan *s, const struct key *keys, unsigned n,
			    unsigned guess, unsigned *ret)
{
	struct view key = { 0 };
	int r;

	if (guess < n && scan_text(s, keys[guess].text, keys[guess].len)) {
		*ret = guess;
		return 0;
	}
	r = read_key(s, &key);
	for (*ret = 0; *ret < n; ++*ret)
		if (view_is(key, keys[*ret].text + 1, keys[*ret].len - 3))
			break;
	return r;
}

static int item_field(struct scan *s, unsigned field, struct event_item *item)
{
	uint64_t quantity;

	switch (field) {
	case ITEM_SKU:
		return scan_string(s, &item->sku);
	case ITEM_PRICE:
		return scan_u64(s, &item->price_cents);
	case ITEM_QUANTITY:
		if (scan_u64(s, &quantity) != 0 || quantity > UINT32_MAX)
			return -EBADMSG;
		item->quantity = (uint32_t)quantity;
		return 0;
	default:
		return scan_skip(s);
	}
}

static int read_item(struct scan *s, struct event_item *item)
{
	unsigned field = 0, guess = 0;
	bool first = true, more;
	int r = scan_take(s, '{');

	*item = (struct event_item){ 0 };
	while (r == 0 && (r = scan_more(s, '}', &first, &more)) == 0 && more) {
		r = which_key(s, item_keys, ITEMS, guess, &field);
		guess = field + 1;
		if (r == 0)
			r = item_field(s, field, item);
	}
	return r;
}

static int read_items(struct scan *s, struct event *e)
{
	struct event_item items[EVENT_ITEMS_MAX];
	bool first = true, more;
	unsigned n = 0;
	int r = scan_take(s, '[');

	while (r == 0 && (r = scan_more(s, ']', &first, &more)) == 0 && more)
		r = n == EVENT_ITEMS_MAX ? -EBADMSG : read_item(s, &items[n++]);
	if (r != 0)
		return r;
	e->n_items = (uint16_t)n;
	return keep(s, items, n * sizeof(items[0]), (const void **)&e->items);
}

static int read_tags(struct scan *s, struct event *e)
{
	struct event_tag tags[EVENT_TAGS_MAX];
	bool first = true, more;
	unsigned n = 0;
	int r = scan_take(s, '{');

	while (r == 0 && (r = scan_more(s, '}', &first, &more)) == 0 && more) {
		if (n == EVENT_TAGS_MAX)
			return -EBADMSG;
		r = read_key(s, &tags[n].key);
		if (r == 0)
			r = scan_string(s, &tags[n++].value);
	}
	if (r != 0)
		return r;
	e->n_tags = (uint16_t)n;
	return keep(s, tags, n * sizeof(tags[0]), (const void **)&e->tags);
}

static int order_field(struct scan *s, unsigned field, struct event *e)
{
	switch (field) {
	case FIELD_ID:
		return scan_u64(s, &e->id);
	case FIELD_CREATED:
		return scan_u64(s, &e->created_ms);
	case FIELD_CUSTOMER:
		return scan_string(s, &e->customer);
	case FIELD_COUNTRY:
		return scan_string(s, &e->country);
	case FIELD_CURRENCY:
		return scan_string(s, &e->currency);
	case FIELD_AMOUNT:
		return scan_u64(s, &e->amount_cents);
	case FIELD_STATUS:
		return scan_string(s, &e->status);
	case FIELD_ITEMS:
		return read_items(s, e);
	case FIELD_TAGS:
		return read_tags(s, e);
	case FIELD_NOTE:
		return scan_string(s, &e->note);
	default:
		return scan_skip(s);
	}
}

static int read_order(struct scan *s, struct event *e)
{
	unsigned field = 0, guess = 0;
	bool first = true, more;
	int r = scan_take(s, '{');

	*e = (struct event){ 0 };
	while (r == 0 && (r = scan_more(s, '}', &first, &more)) == 0 && more) {
		r = which_key(s, order_keys, FIELDS, guess, &field);
		guess = field + 1;
		if (r == 0)
			r = order_field(s, field, e);
	}
	return r == 0 && !scan_ended(s) ? -EBADMSG : r;
}

int decode_json(const uint8_t *payload, size_t len, struct arena *a, struct event *e,
		const char **ret_why)
{
	struct scan s = { .at = payload, .end = payload + len, .arena = a };
	int r = json_usual(payload, s.end, a, e) ? 0 : read_order(&s, e);

	*ret_why = r == 0 ? event_check(e) : "not a JSON order";
	return r == 0 && *ret_why != NULL ? -EBADMSG : r;
}

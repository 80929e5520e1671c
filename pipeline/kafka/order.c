/*
 * order - make the order events that the producer sends
 *
 * ORDERS distinct messages are built once, each a buffer of exactly the size
 * asked for: the note fills what the other fields leave. In JSON the id is a
 * field of fixed width padded with blanks (JSON allows them before a number); in
 * Protobuf id and time are fixed64. So a message is one memcpy and two patches.
 */
#include "pipeline/kafka/order.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "event.pb-c.h"
#include "pipeline/base/memory.h"

#define ORDERS 256
#define ID_WIDTH 12
#define TIME_WIDTH 13
#define JSON_TINY 140 /* below, the time does not fit */

struct order_set {
	enum encoding encoding;
	unsigned payload;
	unsigned id_at, time_at; /* where the patches go in every message; 0: nowhere */
	uint8_t *messages;
};

struct draft {
	char customer[16], sku[3][16];
	unsigned quantity[3], price[3], n_items;
	unsigned long amount;
	const char *country, *currency, *status, *channel, *campaign;
	bool tiny; /* no time, so that 100 bytes of JSON suffice */
};

static void draft_make(struct draft *d, unsigned i, unsigned n_items, bool tiny)
{
	static const char *const countries[] = { "DE", "FR", "US", "JP", "BR" };
	static const char *const currencies[] = { "EUR", "EUR", "USD", "JPY", "BRL" };
	static const char *const states[] = { "new", "paid", "shipped", "refunded" };
	static const char *const channels[] = { "web", "shop", "app" };

	*d = (struct draft){ .n_items = n_items,
			     .tiny = tiny,
			     .country = countries[i % 5],
			     .currency = currencies[i % 5],
			     .status = states[tiny ? 0 : i / 5 % 4],
			     .channel = channels[i / 3 % 3],
			     .campaign = i % 2 ? "spring" : "none" };
	snprintf(d->customer, sizeof(d->customer), "c-%06u", i * 7919u % 1000000u);
	for (unsigned k = 0; k < n_items; k++) {
		d->quantity[k] = 1 + (i + k) % 4;
		d->price[k] = 199 + (i * 31 + k * 977) % 9000;
		d->amount += d->quantity[k] * (unsigned long)d->price[k];
		snprintf(d->sku[k], sizeof(d->sku[k]), "SKU-%05u", (i * 97 + k) % 100000);
	}
}

/* Length without the note; buf has room for any draft. */
static unsigned json_head(const struct draft *d, char *buf, size_t size)
{
	unsigned n = (unsigned)snprintf(buf, size, "{\"id\":%*d", ID_WIDTH, 1);

	if (!d->tiny)
		n += (unsigned)snprintf(buf + n, size - n, ",\"created\":%0*d",
					TIME_WIDTH, 0);
	n += (unsigned)snprintf(buf + n, size - n,
				",\"customer\":\"%s\",\"country\":\"%s\","
				"\"currency\":\"%s\",\"amount\":%lu,\"status\":\"%s\"",
				d->customer, d->country, d->currency, d->amount,
				d->status);
	for (unsigned k = 0; k < d->n_items; k++)
		n += (unsigned)snprintf(buf + n, size - n,
					"%s{\"sku\":\"%s\",\"qty\":%u,\"price\":%u}",
					k == 0 ? ",\"items\":[" : ",", d->sku[k],
					d->quantity[k], d->price[k]);
	if (d->n_items > 0)
		n += (unsigned)snprintf(buf + n, size - n,
					"],\"tags\":{\"channel\":\"%s\","
					"\"campaign\":\"%s\",\"region\":\"%s\"}",
					d->channel, d->campaign, d->country);
	return n;
}

/* The note's key, quotes and the closing brace take 11 bytes; blanks fill less. */
static bool json_make(const struct draft *d, uint8_t *to, unsigned payload)
{
	char buf[1024];
	unsigned n = json_head(d, buf, sizeof(buf)), note;

	if (n + 1 > payload)
		return false;
	memcpy(to, buf, n);
	if (payload < n + 11) {
		memset(to + n, ' ', payload - n - 1);
		to[payload - 1] = '}';
		return true;
	}
	note = payload - n - 11;
	memcpy(to + n, ",\"note\":\"", 9);
	memset(to + n + 9, 'n', note);
	memcpy(to + n + 9 + note, "\"}", 2);
	return true;
}

static void wire_fill(const struct draft *d, Heapring__OrderEvent *order,
		      Heapring__Item *items, Heapring__Tag *tags)
{
	const char *pairs[3][2] = { { "channel", d->channel },
				    { "campaign", d->campaign },
				    { "region", d->country } };

	order->id = order->created_ms = 1;
	order->customer = (char *)d->customer;
	order->country = (char *)d->country;
	order->currency = (char *)d->currency;
	order->amount_cents = d->amount;
	order->status = (char *)d->status;
	for (unsigned k = 0; k < d->n_items; k++) {
		heapring__item__init(&items[k]);
		items[k].sku = (char *)d->sku[k];
		items[k].quantity = d->quantity[k];
		items[k].price_cents = d->price[k];
	}
	for (unsigned k = 0; k < 3; k++) {
		heapring__tag__init(&tags[k]);
		tags[k].key = (char *)pairs[k][0];
		tags[k].value = (char *)pairs[k][1];
	}
	order->n_items = d->n_items;
	order->n_tags = d->n_items == 0 ? 0 : 3;
}

static bool wire_make(const struct draft *d, uint8_t *to, unsigned payload)
{
	Heapring__OrderEvent order = HEAPRING__ORDER_EVENT__INIT;
	Heapring__Item items[3], *item_list[3] = { &items[0], &items[1], &items[2] };
	Heapring__Tag tags[3], *tag_list[3] = { &tags[0], &tags[1], &tags[2] };
	char *note = memory_zero(1, payload + 1);
	size_t size;

	if (note == NULL)
		return false;
	wire_fill(d, &order, items, tags);
	order.items = item_list;
	order.tags = tag_list;
	order.note = note;
	/* the note's length grows by one until all fits: its prefix may widen */
	size = heapring__order_event__get_packed_size(&order);
	if (size + 4 < payload)
		memset(note, 'n', payload - size - 4);
	while (heapring__order_event__get_packed_size(&order) < payload)
		note[strlen(note)] = 'n';
	size = heapring__order_event__get_packed_size(&order);
	if (size == payload)
		heapring__order_event__pack(&order, to);
	free(note);
	return size == payload;
}

/* As many items as fit, three at most: 100 bytes none, 300 bytes two. */
static void make(const struct order_set *set, unsigned i, uint8_t *to)
{
	bool tiny = set->time_at == 0, done = false;
	struct draft draft;

	for (unsigned n = 4; n-- > 0 && !done;) {
		draft_make(&draft, i, n, tiny);
		done = set->encoding == ENCODING_JSON
			       ? json_make(&draft, to, set->payload)
			       : wire_make(&draft, to, set->payload);
	}
	assert(done);
}

struct order_set *order_set_new(enum encoding encoding, unsigned payload)
{
	struct order_set *set = memory_zero(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	set->encoding = encoding;
	set->payload = payload;
	set->id_at = encoding == ENCODING_JSON ? 6 : 1;
	set->time_at = encoding == ENCODING_JSON ? 6 + ID_WIDTH + 11 : 10;
	set->messages = memory_zero(ORDERS, payload + 8);
	if (set->messages == NULL) {
		free(set);
		return NULL;
	}
	if (encoding == ENCODING_JSON && payload < JSON_TINY)
		set->time_at = 0;
	for (unsigned i = 0; i < ORDERS; i++)
		make(set, i, set->messages + (size_t)i * payload);
	return set;
}

void order_set_free(struct order_set *set)
{
	if (set == NULL)
		return;
	free(set->messages);
	free(set);
}

static void put_digits(uint8_t *to, unsigned width, uint64_t number, char pad)
{
	unsigned i = width;

	do {
		to[--i] = (uint8_t)('0' + number % 10);
		number /= 10;
	} while (number != 0 && i > 0);
	while (i > 0)
		to[--i] = (uint8_t)pad;
}

void order_write(const struct order_set *set, uint64_t id, uint64_t now_ms, uint8_t *to)
{
	memcpy(to, set->messages + (size_t)(id % ORDERS) * set->payload, set->payload);
	if (set->encoding == ENCODING_JSON) {
		put_digits(to + set->id_at, ID_WIDTH, id, ' ');
		if (set->time_at != 0)
			put_digits(to + set->time_at, TIME_WIDTH, now_ms, '0');
	} else {
		memcpy(to + set->id_at, &id, 8);
		memcpy(to + set->time_at, &now_ms, 8);
	}
}

/* The last byte closes the JSON object, or belongs to the note's length. */
void order_spoil(const struct order_set *set, uint8_t *message)
{
	if (set->encoding == ENCODING_JSON)
		message[set->payload - 1] = '!';
	else
		message[9 + 9] = 0xff; /* the type byte of customer: no such type */
}

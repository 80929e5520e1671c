/*
 * test_decode - the contract in pipeline/decode/decode.h: four ways, one answer
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/decode/decode.h"
#include "pipeline/decode/json_usual.h"
#include "pipeline/kafka/order.h"

static struct arena arena;

static void decode_ok(decode_fn decode, const void *bytes, size_t len, struct event *e)
{
	const char *why = NULL;

	if (arena.block == NULL)
		arena_init(&arena, 65536);
	cr_assert(eq(int, decode(bytes, len, &arena, e, &why), 0), "%s", why);
}

static void expect_bad(const char *json)
{
	const char *why = NULL;
	struct event e;

	if (arena.block == NULL)
		arena_init(&arena, 65536);
	cr_expect(ne(int,
		     decode_json((const uint8_t *)json, strlen(json), &arena, &e, &why),
		     0),
		  "%s", json);
	cr_expect(ne(ptr, (void *)why, NULL));
	cr_expect(ne(int,
		     decode_copy_json((const uint8_t *)json, strlen(json), &arena, &e,
				      &why),
		     0),
		  "copy: %s", json);
}

static bool same_view(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static void expect_same(const struct event *a, const struct event *b)
{
	cr_expect(eq(u64, a->id, b->id));
	cr_expect(eq(u64, a->created_ms, b->created_ms));
	cr_expect(eq(u64, a->amount_cents, b->amount_cents));
	cr_expect(same_view(a->customer, b->customer));
	cr_expect(same_view(a->country, b->country));
	cr_expect(same_view(a->currency, b->currency));
	cr_expect(same_view(a->status, b->status));
	cr_assert(eq(int, a->n_items, b->n_items));
	cr_assert(eq(int, a->n_tags, b->n_tags));
	for (unsigned i = 0; i < a->n_items; i++) {
		cr_expect(same_view(a->items[i].sku, b->items[i].sku));
		cr_expect(eq(u64, a->items[i].price_cents, b->items[i].price_cents));
		cr_expect(eq(u32, a->items[i].quantity, b->items[i].quantity));
	}
	for (unsigned i = 0; i < a->n_tags; i++) {
		cr_expect(same_view(a->tags[i].key, b->tags[i].key));
		cr_expect(same_view(a->tags[i].value, b->tags[i].value));
	}
}

/* Every size and encoding that the producer makes, both ways. */
Test(decode, copy_and_zero_copy_agree)
{
	static const unsigned sizes[] = { 100, 128, 140, 200,  256,
					  300, 333, 512, 1024, 5000 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]) * 2; i++) {
		enum encoding encoding = i % 2 ? ENCODING_PROTOBUF : ENCODING_JSON;
		unsigned payload = sizes[i / 2];
		struct order_set *set = order_set_new(encoding, payload);
		uint8_t *bytes = malloc(payload);
		struct event a, b;

		for (uint64_t id = 1; id < 600; id++) {
			order_write(set, id * 1000003, 1700000000123, bytes);
			decode_ok(decode_choose(encoding, DECODE_ZEROCOPY), bytes,
				  payload, &a);
			decode_ok(decode_choose(encoding, DECODE_COPY), bytes, payload,
				  &b);
			expect_same(&a, &b);
			cr_assert(eq(u64, a.id, id * 1000003));
			decode_release(&b);
			arena_reset(&arena);
		}
		free(bytes);
		order_set_free(set);
	}
}

/* The same text with a blank in front is JSON too, but not of the usual form. */
static void expect_usual_like_general(const char *json, bool usual)
{
	size_t len = strlen(json);
	uint8_t *exact = malloc(len);
	char *spaced = malloc(len + 2);
	struct event a, b;

	memcpy(exact, json, len);
	snprintf(spaced, len + 2, " %s", json);
	if (arena.block == NULL)
		arena_init(&arena, 65536);
	cr_expect(eq(int, json_usual(exact, exact + len, &arena, &a), usual), "%s", json);
	cr_expect(not(
		json_usual((uint8_t *)spaced, (uint8_t *)spaced + len + 1, &arena, &b)));
	if (usual) {
		decode_ok(decode_json, spaced, len + 1, &b);
		expect_same(&a, &b);
		cr_expect(same_view(a.note, b.note));
	}
	free(exact);
	free(spaced);
}

#define HEAD "{\"id\":"
#define PLACE ",\"customer\":\"c-1\",\"country\":\"DE\",\"currency\":\"EUR\""

Test(decode, the_usual_form_reads_like_any_other)
{
	expect_usual_like_general(HEAD "7" PLACE ",\"amount\":0,\"status\":\"paid\"}",
				  true);
	expect_usual_like_general(
		HEAD "   123456789012345,\"created\":1700000000123" PLACE
		     ",\"amount\":14,\"status\":\"new\",\"items\":[{\"sku\":\"s\","
		     "\"qty\":2,\"price\":7}],\"tags\":{\"k\":\"v\",\"l\":\"\"},"
		     "\"note\":\"a note of more than sixteen bytes\"}",
		true);
	expect_usual_like_general(HEAD "7" PLACE
				       ",\"amount\":0,\"status\":\"paid\",\"items\":[],"
				       "\"tags\":{}}",
				  true);
}

Test(decode, what_is_not_of_the_usual_form_is_left_to_the_general_reader)
{
	static const char *const others[] = {
		"",
		"{",
		HEAD,
		HEAD "7",
		HEAD "7}}",
		HEAD "07" PLACE "}",
		HEAD "7.5" PLACE "}",
		HEAD "7e3" PLACE "}",
		HEAD "12345678901234567" PLACE "}",
		HEAD "7" PLACE "} ",
		HEAD "7" PLACE ",\"more\":1}",
		HEAD "7" PLACE PLACE "}",
		HEAD "7,\"customer\":\"a\\nb\"}",
		HEAD "7,\"customer\":\"a\nb\"}",
		HEAD "7,\"customer\":\"open}",
		HEAD "7,\"items\":[{\"qty\":1}]}",
		HEAD "7,\"items\":[}",
		HEAD "7,\"tags\":{\"k\":1}}",
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect_usual_like_general(others[i], false);
}

Test(decode, zero_copy_allocates_nothing)
{
	struct order_set *set = order_set_new(ENCODING_JSON, 300);
	uint8_t bytes[300];
	uint64_t before;
	struct event e;

	order_write(set, 5, 1700000000000, bytes);
	decode_ok(decode_json, bytes, 300, &e);
	before = memory_here.calls;
	for (int i = 0; i < 1000; i++) {
		decode_ok(decode_json, bytes, 300, &e);
		arena_reset(&arena);
	}
	cr_expect(eq(u64, memory_here.calls, before));
	order_set_free(set);
}

Test(decode, spoiled_messages_are_refused)
{
	for (int k = 0; k < 2; k++) {
		enum encoding encoding = k ? ENCODING_PROTOBUF : ENCODING_JSON;
		struct order_set *set = order_set_new(encoding, 300);
		const char *why = NULL;
		uint8_t bytes[300];
		struct event e;

		arena_init(&arena, 65536);
		order_write(set, 9, 1700000000000, bytes);
		order_spoil(set, bytes);
		for (int way = 0; way < 2; way++)
			cr_expect(ne(int,
				     decode_choose(encoding, (enum decode_way)way)(
					     bytes, 300, &arena, &e, &why),
				     0));
		order_set_free(set);
	}
}

Test(decode, fields_may_come_in_any_order_and_unknown_ones_are_passed)
{
	static const char json[] =
		"{ \"status\" : \"paid\", \"more\": {\"x\":[1,{}]}, "
		"\"customer\":\"c\\u0041\","
		"\"currency\":\"EUR\",\"amount\":14,\"country\":\"DE\",\"id\":7,"
		"\"items\":[{\"price\":7,\"qty\":2,\"z\":null,\"sku\":\"s\"}] }";
	struct event e;

	decode_ok(decode_json, json, sizeof(json) - 1, &e);
	cr_expect(eq(u64, e.id, 7));
	cr_expect(view_is(e.customer, "cA", 2));
	cr_expect(eq(u64, e.items[0].price_cents, 7));
}

Test(decode, an_order_must_meet_the_schema)
{
	expect_bad("");
	expect_bad("[]");
	expect_bad("{\"id\":1}");
	expect_bad("{\"id\":1,\"customer\":\"c\",\"country\":\"DE\",\"currency\":\"EUR\","
		   "\"amount\":5,\"status\":\"paid\"}");
	expect_bad(
		"{\"id\":1,\"customer\":\"c\",\"country\":\"DEU\",\"currency\":\"EUR\","
		"\"amount\":0,\"status\":\"paid\"}");
	expect_bad("{\"id\":1,\"customer\":\"c\",\"country\":\"DE\",\"currency\":\"EUR\","
		   "\"amount\":0,\"status\":\"lost\"}");
	expect_bad("{\"id\":1,\"customer\":\"c\",\"country\":\"DE\",\"currency\":\"EUR\","
		   "\"amount\":0,\"status\":\"paid\"} x");
}

/* An order without its items, then what is in question. */
#define WIRE_ORDER "\x09\7\0\0\0\0\0\0\0\x1a\1c\x22\2DE\x2a\3EUR\x3a\4paid"

static void expect_wire(const char *tail, size_t tail_len, bool good)
{
	uint8_t bytes[256];
	size_t len = sizeof(WIRE_ORDER) - 1;

	memcpy(bytes, WIRE_ORDER, len);
	memcpy(bytes + len, tail, tail_len);
	arena_init(&arena, 65536);
	for (int way = 0; way < 2; way++) {
		const char *why = NULL;
		struct event e;
		int r = decode_choose(ENCODING_PROTOBUF, (enum decode_way)way)(
			bytes, len + tail_len, &arena, &e, &why);

		cr_expect(eq(int, r == 0, good), "way %d: %02x %02x: %s", way,
			  (unsigned char)tail[0], (unsigned char)tail[1], why);
		if (r == 0)
			decode_release(&e);
	}
}

#define EXPECT_WIRE(tail, good) expect_wire(tail, sizeof(tail) - 1, good)

Test(decode, protobuf_is_read_as_the_schema_says)
{
	EXPECT_WIRE("\x58\5", true);          /* field 11: unknown */
	EXPECT_WIRE("\x42\2\x10\3", true);    /* item: quantity 3 */
	EXPECT_WIRE("\x42\4\x12\2ab", false); /* quantity as text */
	EXPECT_WIRE("\x42\2\x08\1", false);   /* sku as a number */
	EXPECT_WIRE("\x4a\2\x10\1", false);   /* a tag's value, too */
	EXPECT_WIRE("\x42\3\x10\3", false);   /* item beyond the end */
	EXPECT_WIRE("\x42\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", false);
	EXPECT_WIRE("\x30\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", false);
	EXPECT_WIRE("\x0b\x0c", false); /* groups */
}

Test(decode, a_sum_that_runs_over_is_no_amount)
{
	/* quantity 2 of 2^63 cents, and no amount: 0 */
	EXPECT_WIRE("\x42\x0d\x10\2\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", false);
}

/*
 * test_scan - the contract in pipeline/decode/scan.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/decode/scan.h"

static struct arena arena;

static struct scan scan_of(const char *text)
{
	if (arena.block == NULL)
		arena_init(&arena, 4096);
	return (struct scan){ (const uint8_t *)text, (const uint8_t *)text + strlen(text),
			      &arena };
}

static void expect_string(const char *json, const char *want)
{
	struct scan s = scan_of(json);
	struct view v = { 0 };

	cr_assert(eq(int, scan_string(&s, &v), 0), "%s refused", json);
	cr_expect(eq(sz, v.len, strlen(want)));
	cr_expect(zero(memcmp(v.at, want, v.len)), "%s", json);
	cr_expect(scan_ended(&s));
}

static void expect_bad_string(const char *json)
{
	struct scan s = scan_of(json);
	struct view v;

	cr_expect(eq(int, scan_string(&s, &v), -EBADMSG), "%s accepted", json);
}

Test(scan, a_plain_string_is_a_view_into_the_input)
{
	static const char text[] =
		" \"hello, a string longer than one step of the search\"";
	struct scan s = scan_of(text);
	struct view v;

	cr_assert(eq(int, scan_string(&s, &v), 0));
	cr_expect(eq(ptr, (void *)v.at, (void *)(text + 2)));
}

Test(scan, escapes_are_rewritten)
{
	expect_string("\"a\\n\\t\\\"\\\\\\/b\"", "a\n\t\"\\/b");
	expect_string("\"\\u00e4\\u20ac\\ud83d\\ude00\"", "ä€😀");
}

Test(scan, broken_strings_are_refused)
{
	expect_bad_string("\"open");
	expect_bad_string("\"bad \\x escape\"");
	expect_bad_string("\"control \x01\"");
	expect_bad_string("\"half \\ud83d\"");
	expect_bad_string("\"\\u12\"");
	expect_bad_string("\"ends in \\");
	expect_bad_string("none");
}

Test(scan, numbers_are_whole_and_fit)
{
	uint64_t n = 0;
	struct scan s = scan_of("  12345,");

	cr_assert(eq(int, scan_u64(&s, &n), 0));
	cr_expect(eq(u64, n, 12345));
	s = scan_of("18446744073709551615 ");
	cr_assert(eq(int, scan_u64(&s, &n), 0));
	cr_expect(eq(u64, n, UINT64_MAX));
	for (const char **bad = (const char *[]){ "1.5", "1e3", "01", "-1", "",
						  "99999999999999999999", NULL };
	     *bad != NULL; bad++) {
		s = scan_of(*bad);
		cr_expect(eq(int, scan_u64(&s, &n), -EBADMSG), "%s accepted", *bad);
	}
}

/* With and without 16 bytes behind the number, which are read at once. */
Test(scan, numbers_of_every_length_are_read_whole)
{
	static const char digits[] = "1234567890123456789";

	for (int len = 1; len <= 19; len++)
		for (int more = 0; more <= 20; more++) {
			char text[64];
			struct scan s;
			uint64_t n;

			snprintf(text, sizeof(text), "%.*s%.*s", len, digits, more,
				 ",23456789012345678901234567890");
			s = scan_of(text);
			cr_assert(eq(int, scan_u64(&s, &n), 0), "%s", text);
			cr_expect(eq(u64, n, strtoull(text, NULL, 10)), "%s", text);
			cr_expect(eq(int, s.end - s.at, more), "%s", text);
		}
}

Test(scan, skip_passes_any_value_and_bounds_depth)
{
	char deep[256];
	struct scan s =
		scan_of("{\"a\":[1,-2.5e3,true,null,{\"b\":\"x\\\"y\"}],\"c\":{}} ");

	cr_assert(eq(int, scan_skip(&s), 0));
	cr_expect(scan_ended(&s));
	memset(deep, '[', 200);
	memset(deep + 200, '\0', 1);
	s = scan_of(deep);
	cr_expect(eq(int, scan_skip(&s), -EBADMSG));
}

/* A byte past the end would be seen by the address sanitizer. */
Test(scan, nothing_behind_the_end_is_read)
{
	static const char text[] = "\"0123456789012345678901234567890123456789\"";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		uint8_t *exact = malloc(len + (len == 0));
		struct scan s = { exact, exact + len, &arena };
		struct view v;

		memcpy(exact, text, len);
		cr_expect(eq(int, scan_string(&s, &v), -EBADMSG));
		free(exact);
	}
}

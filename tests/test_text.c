/*
 * test_text - the contract in preload/platform/text.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "preload/platform/text.h"

Test(text, starts_empty)
{
	char buf[8] = "garbage";
	struct text text = text_into(buf, sizeof buf);

	cr_assert(eq(str, buf, ""));
	cr_assert(not(text.cut));
}

Test(text, appends_in_order)
{
	char buf[32];
	struct text text = text_into(buf, sizeof buf);

	text_str(&text, "pid ");
	text_u64(&text, 0);
	text_char(&text, '/');
	text_u64(&text, UINT64_MAX);
	cr_assert(eq(str, buf, "pid 0/18446744073709551615"));
	cr_assert(not(text.cut));
}

Test(text, what_exactly_fits_is_not_cut)
{
	char buf[5];
	struct text text = text_into(buf, sizeof buf);

	text_str(&text, "1234");
	cr_assert(eq(str, buf, "1234"));
	cr_assert(not(text.cut));
}

Test(text, never_writes_past_its_buffer_and_says_so)
{
	char buf[6];
	struct text text;

	memset(buf, 'x', sizeof buf);
	text = text_into(buf, 5);
	text_str(&text, "12345");
	text_u64(&text, 678);
	text_char(&text, '9');
	cr_assert(eq(str, buf, "1234"));
	cr_assert(eq(chr, buf[5], 'x'));
	cr_assert(text.cut);
}

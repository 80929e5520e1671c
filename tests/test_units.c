/*
 * test_units - the contract in analyzer/console/units.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "analyzer/console/units.h"

static void expect_bytes(uint64_t bytes, const char *text)
{
	struct units_text got = units_bytes(bytes);

	cr_expect(eq(str, got.text, (char *)text));
}

Test(units, sizes_have_three_digits_and_a_binary_unit)
{
	expect_bytes(0, "0B");
	expect_bytes(1023, "1023B");
	expect_bytes(1024, "1.00KiB");
	expect_bytes(23 << 20, "23.0MiB");
	expect_bytes(1024 * 1024 - 1, "1.00MiB");
	expect_bytes(UINT64_MAX, "16.0EiB");
}

Test(units, counts_are_decimal)
{
	cr_expect(eq(str, units_count(999).text, "999"));
	cr_expect(eq(str, units_count(12345).text, "12.3k"));
	cr_expect(eq(str, units_count(4560000).text, "4.56M"));
}

Test(units, a_share_of_nothing_is_nothing)
{
	cr_expect(eq(str, units_percent(5, 0).text, "0.00%"));
	cr_expect(eq(str, units_percent(1, 1).text, "100%"));
}

static void expect_parsed(const char *text, uint64_t bytes)
{
	uint64_t got = 0;

	cr_expect(units_parse_bytes(text, &got), "%s is refused", text);
	cr_expect(eq(u64, got, bytes));
}

Test(units, sizes_parse_with_the_units_that_are_printed_in_any_case)
{
	expect_parsed("0", 0);
	expect_parsed("512KiB", 512 << 10);
	expect_parsed("512kib", 512 << 10);
	expect_parsed("2M", 2 << 20);
	expect_parsed("1.5GiB", 3ull << 29);
	expect_parsed("10B", 10);
}

Test(units, what_is_no_size_is_refused)
{
	static const char *const wrong[] = { "",     "K",     "-1",  "1e6",
					     "0x10", "5 K",   "5Kx", "5 bar",
					     "nan",  "1MiBB", "inf", "1E" };
	uint64_t got;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect(not(units_parse_bytes(wrong[i], &got)), "%s is taken",
			  wrong[i]);
}

Test(units, ages_parse_with_a_unit_or_as_seconds)
{
	uint64_t ns = 0;

	cr_expect(units_parse_age("90", &ns) && ns == 90000000000ull);
	cr_expect(units_parse_age("500ms", &ns) && ns == 500000000ull);
	cr_expect(units_parse_age("7d", &ns) && ns == 604800000000000ull);
	cr_expect(not(units_parse_age("7y", &ns)));
	cr_expect(not(units_parse_age("", &ns)));
}

Test(units, a_noun_is_in_the_plural_unless_there_is_one)
{
	cr_expect(eq(str, units_counted(0, "block").text, "0 blocks"));
	cr_expect(eq(str, units_counted(1, "block").text, "1 block"));
	cr_expect(eq(str, units_counted(2, "process").text, "2 processes"));
	cr_expect(eq(str, units_counted(12300, "object").text, "12.3k objects"));
	cr_expect(eq(str, units_signed_counted(-1, "object").text, "-1 object"));
	cr_expect(eq(str, units_signed_counted(99999, "object").text, "99999 objects"));
}

Test(units, ages_print_two_units)
{
	cr_expect(eq(str, units_age(12000000000ull).text, "12s"));
	cr_expect(eq(str, units_age(200000000000ull).text, "3m20s"));
	cr_expect(eq(str, units_age(7500000000000ull).text, "2h05m"));
}

/*
 * test_units - the contract in pipeline/base/units.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "pipeline/base/units.h"

static uint64_t bytes_of(const char *text)
{
	uint64_t n = 0;

	cr_assert(eq(int, units_bytes(text, &n), 0), "%s refused", text);
	return n;
}

static uint64_t time_of(const char *text)
{
	uint64_t n = 0;

	cr_assert(eq(int, units_time_us(text, &n), 0), "%s refused", text);
	return n;
}

Test(units, byte_suffixes_are_binary)
{
	cr_expect(eq(u64, bytes_of("4096"), 4096));
	cr_expect(eq(u64, bytes_of("64K"), 65536));
	cr_expect(eq(u64, bytes_of("64KiB"), 65536));
	cr_expect(eq(u64, bytes_of("20MiB"), 20u << 20));
	cr_expect(eq(u64, bytes_of("1.5MiB"), 3u << 19));
}

Test(units, a_bare_time_is_milliseconds)
{
	cr_expect(eq(u64, time_of("250"), 250000));
	cr_expect(eq(u64, time_of("10us"), 10));
	cr_expect(eq(u64, time_of("1.5s"), 1500000));
}

Test(units, a_rate_may_be_per_second_or_max)
{
	uint64_t n = 1;

	cr_assert(eq(int, units_rate("100000/s", &n), 0));
	cr_expect(eq(u64, n, 100000));
	cr_assert(eq(int, units_rate("100k/s", &n), 0));
	cr_expect(eq(u64, n, 100000));
	cr_assert(eq(int, units_rate("max", &n), 0));
	cr_expect(eq(u64, n, 0));
	n = 1;
	cr_expect(eq(int, units_rate("0/s", &n), -ERANGE), "nothing at all is no pace");
	cr_expect(eq(u64, n, 1));
}

Test(units, the_whole_text_must_be_a_number)
{
	static const char *const bad[] = {
		"", "-1", "x", "10mb!", "0x10", " 5", "1e400"
	};
	uint64_t n = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(ne(int, units_bytes(bad[i], &n), 0), "%s accepted", bad[i]);
	cr_expect(eq(int, units_count("99999999999999999999", &n), -ERANGE));
	cr_expect(eq(u64, n, 77));
}

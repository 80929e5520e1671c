/*
 * test_config - the contract in preload/process/config.h: every variable, every default,
 * every bad value
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "preload/process/config.h"

static const char *set_name, *set_value;

static const char *get(const char *name)
{
	return set_name != NULL && strcmp(name, set_name) == 0 ? set_value : NULL;
}

static struct config parse(const char *name, const char *value)
{
	struct config config;

	set_name = name;
	set_value = value;
	config_parse(&config, get);
	return config;
}

Test(config, defaults_are_those_of_the_design)
{
	struct config c = parse(NULL, NULL);

	cr_assert(eq(ptr, (void *)c.bad_name, NULL));
	cr_expect(eq(int, c.mode, HR_MODE_EXACT));
	cr_expect(eq(u64, c.rate, 512 * 1024));
	cr_expect(eq(u64, c.budget, 64 << 20));
	cr_expect(eq(u64, c.interval_ns, 1000000000));
	cr_expect(eq(u32, c.depth, 128));
	cr_expect(eq(int, c.follow, FOLLOW_ALL));
	cr_expect(eq(u32, c.keep_count, 64));
	cr_expect(eq(u64, c.keep_bytes, 256 << 20));
	cr_expect(eq(str, c.dir, HEAPRING_DIR));
	cr_expect(eq(str, c.output, ""));
	cr_expect(eq(str, c.only, ""));
}

Test(config, an_empty_value_means_the_default)
{
	struct config c = parse("HEAPRING_DEPTH", "");

	cr_assert(eq(ptr, (void *)c.bad_name, NULL));
	cr_assert(eq(u32, c.depth, 128));
}

Test(config, rate)
{
	struct config c = parse("HEAPRING_RATE", "512KiB");

	cr_expect(c.mode == HR_MODE_SAMPLED && c.rate == 512 * 1024);
	c = parse("HEAPRING_RATE", "exact");
	cr_expect(eq(int, c.mode, HR_MODE_EXACT));
	c = parse("HEAPRING_RATE", "1");
	cr_expect(eq(int, c.mode, HR_MODE_EXACT), "one byte is every byte");
	c = parse("HEAPRING_RATE", "off");
	cr_expect(eq(int, c.mode, HR_MODE_DORMANT));
}

Test(config, every_other_variable)
{
	struct config c;

	c = parse("HEAPRING_DIR", "/var/tmp");
	cr_expect(eq(str, c.dir, "/var/tmp"));
	c = parse("HEAPRING_BUDGET", "16MiB");
	cr_expect(eq(u64, c.budget, 16 << 20));
	c = parse("HEAPRING_INTERVAL", "250ms");
	cr_expect(eq(u64, c.interval_ns, 250000000));
	c = parse("HEAPRING_HISTORY", "0");
	cr_expect(eq(u64, c.history, 0));
	c = parse("HEAPRING_DEPTH", "512");
	cr_expect(eq(u32, c.depth, 512));
	c = parse("HEAPRING_OUTPUT", "out.%p");
	cr_expect(eq(str, c.output, "out.%p"));
	c = parse("HEAPRING_ONLY", "py*");
	cr_expect(eq(str, c.only, "py*"));
	c = parse("HEAPRING_FOLLOW", "none");
	cr_expect(eq(int, c.follow, FOLLOW_NONE));
	c = parse("HEAPRING_FOLLOW", "fork");
	cr_expect(eq(int, c.follow, FOLLOW_FORK));
	c = parse("HEAPRING_FOLLOW", "exec");
	cr_expect(eq(int, c.follow, FOLLOW_EXEC));
	c = parse("HEAPRING_FOLLOW", "all");
	cr_expect(eq(int, c.follow, FOLLOW_ALL));
}

Test(config, snapshots_are_taken_at_parts_and_at_bytes)
{
	struct config c = parse("HEAPRING_SNAPSHOT_AT", "70%,85%,2GiB,4KiB");

	cr_assert(eq(ptr, (void *)c.bad_name, NULL));
	cr_assert(eq(u32, c.levels_count, 4));
	cr_expect(c.levels[0].percent == 70 && c.levels[0].bytes == 0);
	cr_expect(eq(str, c.levels[1].name, "85%"));
	cr_expect(c.levels[2].percent == 0 && c.levels[2].bytes == 2ull << 30);
	cr_expect(eq(u64, c.levels[3].bytes, 4096));
}

Test(config, snapshot_levels_out_of_bounds_are_bad)
{
	static const char *const bad[] = { "0%", "101%", "1.5%",
					   "%",  "70%,", ",70%",
					   "x",  "4095", "1%,2%,3%,4%,5%" };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct config c = parse("HEAPRING_SNAPSHOT_AT", bad[i]);

		cr_assert(c.bad_name != NULL, "%s", bad[i]);
		cr_expect(eq(str, (char *)c.bad_value, (char *)bad[i]));
	}
}

Test(config, keep_takes_a_number_bytes_or_both)
{
	struct config c = parse("HEAPRING_KEEP", "7");

	cr_expect(c.keep_count == 7 && c.keep_bytes == 256 << 20);
	c = parse("HEAPRING_KEEP", "8MiB");
	cr_expect(c.keep_count == 64 && c.keep_bytes == 8 << 20);
	c = parse("HEAPRING_KEEP", "3,1GiB");
	cr_expect(c.keep_count == 3 && c.keep_bytes == 1 << 30);
}

Test(config, a_value_that_does_not_parse_is_named)
{
	static const char *const bad[][2] = {
		{ "HEAPRING_RATE", "often" },
		{ "HEAPRING_RATE", "0" },
		{ "HEAPRING_RATE", "2048GiB" },
		{ "HEAPRING_RATE", "-1" },
		{ "HEAPRING_RATE", "EXACT" },
		{ "HEAPRING_DIR", "relative" },
		{ "HEAPRING_BUDGET", "1KiB" },
		{ "HEAPRING_BUDGET", "65GiB" },
		{ "HEAPRING_BUDGET", "many" },
		{ "HEAPRING_INTERVAL", "1us" },
		{ "HEAPRING_INTERVAL", "25h" },
		{ "HEAPRING_INTERVAL", "soon" },
		{ "HEAPRING_HISTORY", "2GiB" },
		{ "HEAPRING_HISTORY", "x" },
		{ "HEAPRING_DEPTH", "0" },
		{ "HEAPRING_DEPTH", "513" },
		{ "HEAPRING_DEPTH", "deep" },
		{ "HEAPRING_FOLLOW", "both" },
		{ "HEAPRING_KEEP", "64," },
		{ "HEAPRING_KEEP", "a,b" },
		{ "HEAPRING_KEEP", "123456789012345678901234567890123" },
	};

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct config c = parse(bad[i][0], bad[i][1]);

		cr_assert(c.bad_name != NULL, "%s=%s was taken", bad[i][0], bad[i][1]);
		cr_expect(eq(str, (char *)c.bad_name, (char *)bad[i][0]));
		cr_expect(eq(str, (char *)c.bad_value, (char *)bad[i][1]));
		cr_expect(c.bad_allowed != NULL && *c.bad_allowed != '\0');
	}
}

Test(config, a_text_that_does_not_fit_is_bad)
{
	static const char *const names[] = { "HEAPRING_DIR", "HEAPRING_OUTPUT",
					     "HEAPRING_ONLY" };
	char longest[CONFIG_TEXT + 1];

	memset(longest, '/', sizeof longest);
	for (unsigned i = 0; i < 3; i++) {
		longest[CONFIG_TEXT - 1] = '\0';
		cr_expect(parse(names[i], longest).bad_name == NULL);
		longest[CONFIG_TEXT - 1] = '/';
		longest[CONFIG_TEXT] = '\0';
		cr_expect(parse(names[i], longest).bad_name != NULL);
	}
}

static uint64_t bytes(const char *text)
{
	uint64_t n = 12345;

	return config_bytes(text, &n) ? n : UINT64_MAX;
}

Test(config, bytes_with_every_unit)
{
	cr_expect(eq(u64, bytes("0"), 0));
	cr_expect(eq(u64, bytes("4096"), 4096));
	cr_expect(eq(u64, bytes("4096B"), 4096));
	cr_expect(eq(u64, bytes("2K"), 2048));
	cr_expect(eq(u64, bytes("2k"), 2048));
	cr_expect(eq(u64, bytes("2KB"), 2000));
	cr_expect(eq(u64, bytes("2kB"), 2000));
	cr_expect(eq(u64, bytes("1.5MB"), 1500000));
	cr_expect(eq(u64, bytes("1.5MiB"), 3 << 19));
	cr_expect(eq(u64, bytes("1M"), 1 << 20));
	cr_expect(eq(u64, bytes("1g"), 1 << 30));
	cr_expect(eq(u64, bytes("1GB"), 1000000000));
	cr_expect(eq(u64, bytes(".5k"), 512));
	cr_expect(eq(u64, bytes("18446744073709551615"), UINT64_MAX));
}

Test(config, what_is_no_quantity_does_not_parse)
{
	static const char *const bad[] = { "",
					   "K",
					   ".",
					   "1 K",
					   "-1",
					   "+1",
					   "1KK",
					   "0x10",
					   "1e3",
					   "1.5.5",
					   "1.5X",
					   " 1",
					   "18446744073709551616",
					   "17179869184GiB" };
	uint64_t n;

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_expect(not(config_bytes(bad[i], &n)), "\"%s\" was taken", bad[i]);
}

static uint64_t ns(const char *text)
{
	uint64_t n;

	return config_duration(text, &n) ? n : UINT64_MAX;
}

Test(config, durations_with_every_unit)
{
	cr_expect(eq(u64, ns("1"), 1000000000));
	cr_expect(eq(u64, ns("1s"), 1000000000));
	cr_expect(eq(u64, ns("1.5s"), 1500000000));
	cr_expect(eq(u64, ns("7ns"), 7));
	cr_expect(eq(u64, ns("7us"), 7000));
	cr_expect(eq(u64, ns("250ms"), 250000000));
	cr_expect(eq(u64, ns("2m"), 120000000000));
	cr_expect(eq(u64, ns("2min"), 120000000000));
	cr_expect(eq(u64, ns("1h"), 3600000000000));
	cr_expect(eq(u64, ns("1d"), UINT64_MAX));
	cr_expect(eq(u64, ns("9999999999h"), UINT64_MAX));
}

Test(config, patterns_match_whole_names)
{
	cr_expect(config_match("python3", "python3"));
	cr_expect(config_match("py*", "python3"));
	cr_expect(config_match("*", ""));
	cr_expect(config_match("p?thon*", "python"));
	cr_expect(config_match("*a*b*c", "xxaxbxbxc"));
	cr_expect(config_match("**c", "c"));
	cr_expect(not(config_match("py", "python3")));
	cr_expect(not(config_match("py?", "py")));
	cr_expect(not(config_match("*a*b*c", "xxaxbxbx")));
	cr_expect(not(config_match("", "a")));
	cr_expect(config_match("", ""));
}

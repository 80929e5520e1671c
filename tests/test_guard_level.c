/*
 * test_guard_level - the contract in analyzer/guard/guard_level.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/guard/guard_level.h"

static struct guard_levels levels_of(const char *text)
{
	struct guard_levels levels;

	cr_assert(guard_levels_set(&levels, text), "%s", text);
	return levels;
}

static bool crosses(struct guard_level *level, uint64_t used, uint64_t resident)
{
	const struct guard_memory memory = { .used = used,
					     .limit = 1000,
					     .resident = resident };

	return guard_level_crossed(level, &memory);
}

Test(guard_level, parts_and_bytes_are_told_apart)
{
	struct guard_levels levels = levels_of("70%,2GiB,99.5%");

	cr_assert(eq(u32, levels.count, 3));
	cr_expect(levels.level[0].percent == 70 && levels.level[0].bytes == 0);
	cr_expect(levels.level[1].percent == 0 && levels.level[1].bytes == 2ull << 30);
	cr_expect(levels.level[2].percent == 99.5);
	cr_expect(eq(str, levels.level[1].name, "2GiB"));
}

Test(guard_level, what_is_no_level_is_refused)
{
	static const char *const bad[] = {
		"",  "0%",   "101%", "%",    "-1%", "nan%", "x",
		"0", "70%,", ",70%", "70%%", "1e%", "70 %", "1%,1%,1%,1%,1%,1%,1%,1%,1%"
	};
	struct guard_levels levels;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(not(guard_levels_set(&levels, bad[i])), "%s", bad[i]);
}

Test(guard_level, a_part_is_of_the_limit_and_bytes_are_resident)
{
	struct guard_levels levels = levels_of("70%,500B");

	cr_expect(not(crosses(&levels.level[0], 699, 999)));
	cr_expect(crosses(&levels.level[0], 700, 0));
	cr_expect(not(crosses(&levels.level[1], 999, 499)));
	cr_expect(crosses(&levels.level[1], 0, 500));
}

Test(guard_level, it_is_crossed_once_until_use_fell_below_seven_eighths)
{
	struct guard_levels levels = levels_of("80%");
	struct guard_level *level = &levels.level[0];

	cr_expect(crosses(level, 800, 0));
	cr_expect(not(crosses(level, 900, 0)));
	cr_expect(not(crosses(level, 700, 0)));
	cr_expect(not(crosses(level, 800, 0)), "700 is not below 7/8 of 800");
	cr_expect(not(crosses(level, 699, 0)));
	cr_expect(crosses(level, 800, 0));
}

Test(guard_level, without_a_known_limit_no_part_is_reached)
{
	const struct guard_memory memory = { .used = 10, .limit = 0 };
	struct guard_levels levels = levels_of("1%");

	cr_expect(not(guard_level_crossed(&levels.level[0], &memory)));
}

/*
 * test_lines - the contract in preload/platform/lines.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/platform/lines.h"
#include "preload/platform/os_linux.h"

struct seen {
	unsigned lines;
	size_t longest;
	char first[LINES_KEPT + 1];
};

static void see(void *arg, const char *line)
{
	struct seen *seen = arg;

	if (seen->lines++ == 0)
		strcpy(seen->first, line);
	if (strlen(line) > seen->longest)
		seen->longest = strlen(line);
}

Test(lines, are_all_told_and_long_ones_cut)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);
	struct seen seen = { .lines = 0 };
	char path[32], name[3000];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	memset(name, 'x', sizeof name);
	cr_assert(fd >= 0);
	cr_assert(eq(int, os_write_all(fd, "7f-80 r--p\n\n", 12), 0));
	cr_assert(eq(int, os_write_all(fd, name, sizeof name), 0));
	cr_assert(eq(int, os_write_all(fd, "\nlast\n", 6), 0));
	cr_expect(lines_each(path, see, &seen));
	close(fd);
	cr_expect(eq(u32, seen.lines, 4));
	cr_expect(eq(str, seen.first, "7f-80 r--p"));
	cr_expect(eq(sz, seen.longest, LINES_KEPT));
}

Test(lines, of_a_file_that_is_not_there_are_none)
{
	struct seen seen = { .lines = 0 };

	cr_expect(not(lines_each("/nonexistent/maps", see, &seen)));
	cr_expect(eq(u32, seen.lines, 0));
}

Test(lines, numbers_end_at_what_is_no_digit_of_the_base)
{
	uint64_t number;

	cr_expect(eq(str, (char *)lines_number("7f2a-9 r", 16, &number), "-9 r"));
	cr_expect(eq(u64, number, 0x7f2a));
	cr_expect(eq(str, (char *)lines_number("12a", 10, &number), "a"));
	cr_expect(eq(u64, number, 12));
	cr_expect(eq(str, (char *)lines_field("a  bc d"), "bc d"));
}

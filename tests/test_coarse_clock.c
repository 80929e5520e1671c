/*
 * test_coarse_clock - the contract in preload/platform/coarse_clock.h, and lines.h's
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "preload/platform/coarse_clock.h"
#include "preload/platform/lines.h"
#include "preload/platform/os_linux.h"

#define TICKS 20

Test(coarse_clock, finds_the_two_words_that_stand_together)
{
	const uint64_t page[] = { 0, 7, 8, 9, 0 };

	cr_expect(coarse_clock_among(page, 5, 7, 8) == &page[1]);
	cr_expect(coarse_clock_among(page, 5, 8, 9) == &page[2]);
}

Test(coarse_clock, finds_nothing_where_they_stand_apart_or_past_the_end)
{
	const uint64_t page[] = { 0, 7, 0, 8, 9 };

	cr_expect(coarse_clock_among(page, 5, 7, 8) == NULL);
	cr_expect(coarse_clock_among(page, 4, 8, 9) == NULL);
	cr_expect(coarse_clock_among(page, 0, 0, 7) == NULL);
}

Test(coarse_clock, finds_nothing_where_they_stand_twice)
{
	const uint64_t page[] = { 7, 8, 0, 7, 8 };

	cr_expect(coarse_clock_among(page, 5, 7, 8) == NULL);
}

Test(coarse_clock, before_it_is_found_its_stamp_never_moves)
{
	uint64_t stamp = coarse_clock_stamp();

	cr_expect(not(coarse_clock_found()));
	usleep(20000);
	cr_expect(eq(u64, coarse_clock_stamp(), stamp));
}

/* The stamp before and after is the same while the clock is. */
Test(coarse_clock, once_found_its_stamp_moves_when_the_clock_does)
{
	coarse_clock_find();
	if (!coarse_clock_found())
		cr_skip("the kernel's page has no such words here");
	for (unsigned tick = 0; tick < TICKS; tick++) {
		uint64_t stamp = coarse_clock_stamp(), ms = os_coarse_ms();

		while (os_coarse_ms() == ms)
			;
		cr_expect(ne(u64, coarse_clock_stamp(), stamp));
	}
}

Test(coarse_clock, a_page_that_may_not_be_read_is_told)
{
	char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(page != MAP_FAILED);
	cr_expect(os_readable(page));
	mprotect(page, 4096, PROT_NONE);
	cr_expect(not(os_readable(page)));
	munmap(page + 4096, 4096);
	cr_expect(not(os_readable(page + 4096)));
}

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
	char path[] = "/tmp/lines-XXXXXX";
	int fd = mkstemp(path);
	struct seen seen = { .lines = 0 };
	char name[3000];

	memset(name, 'x', sizeof name);
	cr_assert(fd >= 0);
	cr_assert(eq(int, os_write_all(fd, "7f-80 r--p\n\n", 12), 0));
	cr_assert(eq(int, os_write_all(fd, name, sizeof name), 0));
	cr_assert(eq(int, os_write_all(fd, "\nlast\n", 6), 0));
	cr_expect(lines_each(path, see, &seen));
	unlink(path);
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

/*
 * test_coarse_clock - the contract in preload/platform/coarse_clock.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "preload/platform/coarse_clock.h"
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

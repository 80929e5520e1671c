/*
 * test_keep - the contract in preload/life/keep.h: which segments go, and in what order
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <heapring/segment.h>

#include "preload/life/keep.h"
#include "shim_fixture.h"

static uint32_t dead;

static void begin(void)
{
	fixture_dir();
	dead = fixture_dead_pid();
}

TestSuite(keep, .init = begin);

static void path_of(char path[300], uint32_t pid, unsigned start)
{
	snprintf(path, 300, "%s/heapring.%u.%u", fixture_dir(), pid, start);
}

static void make(uint32_t pid, unsigned start, uint32_t state, uint32_t pages)
{
	struct heapring_header head = { .magic = HEAPRING_MAGIC,
					.state = state,
					.pages_used = pages };
	char path[300];
	FILE *f;

	path_of(path, pid, start);
	f = fopen(path, "w");
	cr_assert(f != NULL);
	fwrite(&head, sizeof head, 1, f);
	fclose(f);
}

static bool there(uint32_t pid, unsigned start)
{
	char path[300];

	path_of(path, pid, start);
	return access(path, F_OK) == 0;
}

static unsigned left(unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += there(dead, 1000 + 4 * i);
	return count;
}

Test(keep, within_the_limits_nothing_goes)
{
	for (unsigned i = 0; i < 10; i++)
		make(dead, 1000 + 4 * i, HR_STATE_EXITED, 10);
	keep_prune(fixture_dir(), 10, 1 << 30);
	cr_assert(eq(u32, left(10), 10));
}

Test(keep, the_oldest_go_first_until_there_is_room)
{
	for (unsigned i = 0; i < 20; i++)
		make(dead, 1000 + 4 * i, HR_STATE_EXITED, 10);
	keep_prune(fixture_dir(), 8, 1 << 30);
	cr_assert(eq(u32, left(20), 6), "three quarters of the limit");
	for (unsigned i = 0; i < 20; i++)
		cr_expect(there(dead, 1000 + 4 * i) == (i >= 14), "number %u", i);
}

Test(keep, clean_exits_go_before_killed_ones)
{
	for (unsigned i = 0; i < 20; i++)
		make(dead, 1000 + 4 * i, i < 4 ? HR_STATE_RUNNING : HR_STATE_EXITED, 10);
	keep_prune(fixture_dir(), 8, 1 << 30);
	cr_assert(eq(u32, left(20), 6));
	for (unsigned i = 0; i < 20; i++)
		cr_expect(there(dead, 1000 + 4 * i) == (i < 4 || i >= 18), "number %u",
			  i);
}

Test(keep, replaced_images_go_after_exits_and_before_killed_ones)
{
	static const uint32_t states[] = { HR_STATE_RUNNING, HR_STATE_EXECED,
					   HR_STATE_EXITED };

	for (unsigned i = 0; i < 12; i++)
		make(dead, 1000 + 4 * i, states[i / 4], 10);
	keep_prune(fixture_dir(), 8, 1 << 30); /* six stay */
	for (unsigned i = 0; i < 12; i++)
		cr_expect(there(dead, 1000 + 4 * i) == (i < 4 || (i >= 6 && i < 8)),
			  "number %u", i);
}

Test(keep, bytes_count_too)
{
	for (unsigned i = 0; i < 10; i++)
		make(dead, 1000 + 4 * i, HR_STATE_EXITED, 256); /* a MiB each */
	keep_prune(fixture_dir(), 64, 4 << 20);
	cr_assert(eq(u32, left(10), 3));
}

Test(keep, a_live_process_keeps_its_segment)
{
	make((uint32_t)getpid(), 1, HR_STATE_RUNNING, 1 << 20);
	for (unsigned i = 0; i < 10; i++)
		make(dead, 1000 + 4 * i, HR_STATE_EXITED, 10);
	keep_prune(fixture_dir(), 0, 0);
	cr_expect(there((uint32_t)getpid(), 1));
	cr_expect(eq(u32, left(10), 0));
}

Test(keep, other_files_are_not_touched)
{
	static const char *const names[] = { "heapring.12",    "heapring.x.1",
					     "heapring.1.2.3", "heapring.1.2x",
					     "other",          "heapring." };
	char path[300];

	for (unsigned i = 0; i < 6; i++) {
		snprintf(path, sizeof path, "%s/%s", fixture_dir(), names[i]);
		fclose(fopen(path, "w"));
	}
	for (unsigned i = 0; i < 10; i++)
		make(dead, 1000 + 4 * i, HR_STATE_EXITED, 10);
	keep_prune(fixture_dir(), 0, 0);
	for (unsigned i = 0; i < 6; i++) {
		snprintf(path, sizeof path, "%s/%s", fixture_dir(), names[i]);
		cr_expect(eq(int, access(path, F_OK), 0), "%s", names[i]);
	}
}

Test(keep, a_directory_that_is_not_there_is_no_error)
{
	keep_prune("/nowhere/at/all", 0, 0);
}

Test(keep, a_segment_cut_short_may_go)
{
	char path[300];

	path_of(path, dead, 5);
	fclose(fopen(path, "w"));
	keep_prune(fixture_dir(), 0, 0);
	cr_expect(not(there(dead, 5)));
}

Test(keep, a_planted_fifo_holds_nobody_up, .timeout = 30)
{
	char path[300];

	for (unsigned i = 0; i < 8; i++) {
		path_of(path, dead, 1000 + i);
		cr_assert(eq(int, mkfifo(path, 0666), 0));
	}
	keep_prune(fixture_dir(), 4, 1 << 30);
}

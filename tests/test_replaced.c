/*
 * test_replaced - the contract in preload/life/replaced.h: who is marked, and who is not
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <sys/stat.h>

#include "preload/life/replaced.h"
#include "shim_fixture.h"

static const struct heapring_header own = { .magic = HEAPRING_MAGIC,
					    .pid = 4242,
					    .uid = 7,
					    .start_unix_ns = 2000,
					    .start_ticks = 99,
					    .state = HR_STATE_RUNNING };

static void path_of(char path[300], const struct heapring_header *header)
{
	snprintf(path, 300, "%s/heapring.%u.%llu", fixture_dir(), header->pid,
		 (unsigned long long)header->start_unix_ns);
}

/* The state that a segment with that header has afterwards. */
static uint32_t state_after(struct heapring_header header)
{
	char path[300];
	FILE *f;

	path_of(path, &header);
	f = fopen(path, "w");
	fwrite(&header, sizeof header, 1, f);
	fclose(f);
	replaced_mark(fixture_dir(), &own);
	f = fopen(path, "r");
	cr_assert(eq(sz, fread(&header, sizeof header, 1, f), 1));
	fclose(f);
	remove(path);
	return header.state;
}

static struct heapring_header earlier(void)
{
	struct heapring_header header = own;

	header.start_unix_ns = 1000;
	return header;
}

Test(replaced, an_earlier_image_of_the_process_is_marked)
{
	cr_expect(eq(u32, state_after(earlier()), HR_STATE_EXECED));
}

Test(replaced, everybody_else_stays_as_they_are)
{
	struct heapring_header header = earlier();

	header.start_ticks = 98; /* the pid was used before */
	cr_expect(eq(u32, state_after(header), HR_STATE_RUNNING));
	header = earlier();
	header.pid = 424;
	cr_expect(eq(u32, state_after(header), HR_STATE_RUNNING));
	header = earlier();
	header.uid = 8;
	cr_expect(eq(u32, state_after(header), HR_STATE_RUNNING));
	header = earlier();
	header.start_unix_ns = 3000;
	cr_expect(eq(u32, state_after(header), HR_STATE_RUNNING));
	header = earlier();
	header.state = HR_STATE_EXITED;
	cr_expect(eq(u32, state_after(header), HR_STATE_EXITED));
	cr_expect(eq(u32, state_after(own), HR_STATE_RUNNING), "our own segment");
}

Test(replaced, a_planted_fifo_holds_nobody_up, .timeout = 30)
{
	struct heapring_header header = earlier();
	char path[300];

	path_of(path, &header);
	cr_assert(eq(int, mkfifo(path, 0666), 0));
	replaced_mark(fixture_dir(), &own);
}

/*
 * test_segment_writer - the contract in preload/segment/segment_writer.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/segment/segment_writer.h"
#include "shim_fixture.h"

static void *page_new(uint32_t *number)
{
	char *page = segment_page_new(HR_PAGE_COUNTERS, 3, 7);

	if (page != NULL)
		*number = (uint32_t)((page - segment.base) / HR_PAGE);
	return page;
}

Test(segment_writer, a_new_segment_describes_itself)
{
	const struct heapring_page *map;
	struct heapring_header *h;
	struct stat st;

	cr_assert(eq(int, segment_create(fixture_dir(), 8 << 20), 0));
	h = segment.header;
	map = segment_at(1);
	cr_expect(eq(u32, h->version, HEAPRING_VERSION));
	cr_expect(eq(u32, h->page_bytes, HR_PAGE));
	cr_expect(eq(u32, h->pages_max, (8 << 20) / HR_PAGE));
	cr_expect(eq(u32, h->map_pages, 4));
	cr_expect(eq(u32, h->pages_used, 5));
	cr_expect(eq(int, map[0].type, HR_PAGE_HEADER));
	cr_expect(eq(int, map[4].type, HR_PAGE_MAP));
	cr_expect(eq(u32, map[4].index, 3));
	cr_assert(eq(int, stat(segment_path(), &st), 0));
	cr_expect(eq(int, st.st_mode & 0777, 0600));
	cr_expect(strstr(segment_path(), "/heapring.") != NULL);
}

Test(segment_writer, a_page_is_zeroed_and_entered_in_the_map)
{
	const struct heapring_page *map;
	uint32_t number = 0;
	char *page;

	cr_assert(eq(int, segment_create(fixture_dir(), 8 << 20), 0));
	map = segment_at(1);
	for (unsigned i = 0; i < 300; i++) {
		page = page_new(&number);
		cr_assert(page != NULL);
		cr_assert(eq(u32, number, 5 + i));
		cr_assert(eq(ptr, page, segment_at(number)));
		for (unsigned b = 0; b < HR_PAGE; b++)
			cr_assert(page[b] == 0);
		memset(page, 0xee, HR_PAGE);
		cr_assert(map[number].type == HR_PAGE_COUNTERS &&
			  map[number].owner == 3 && map[number].index == 7);
	}
	cr_expect(eq(u32, segment.header->pages_used, 305));
}

Test(segment_writer, pages_are_allocated_before_they_are_used)
{
	struct stat st;
	uint32_t number = 0;

	cr_assert(eq(int, segment_create(fixture_dir(), 64 << 20), 0));
	cr_assert(eq(int, stat(segment_path(), &st), 0));
	cr_expect(st.st_blocks * 512 < 1 << 20, "a segment starts small");
	for (unsigned i = 0; i < 1000; i++)
		cr_assert(page_new(&number) != NULL);
	cr_assert(eq(int, stat(segment_path(), &st), 0));
	cr_expect(st.st_blocks * 512 >= 1000 * 4096);
}

Test(segment_writer, growing_ahead_makes_pages_ready_and_stops_when_they_are)
{
	struct stat before, after;
	uint32_t number = 0, steps = 0;

	cr_assert(eq(int, segment_create(fixture_dir(), 64 << 20), 0));
	while (segment_grow_ahead(200))
		steps++;
	cr_expect(steps > 1, "a step is small");
	cr_assert(eq(int, stat(segment_path(), &before), 0));
	for (unsigned i = 0; i < 200; i++)
		cr_assert(page_new(&number) != NULL);
	cr_assert(eq(int, stat(segment_path(), &after), 0));
	cr_expect(eq(i64, before.st_blocks, after.st_blocks), "nothing was left to do");
	segment_freeze(1);
	cr_expect(not(segment_grow_ahead(200)));
}

Test(segment_writer, the_budget_is_kept_for_good)
{
	uint32_t pages = (1 << 20) / HR_PAGE;

	cr_assert(eq(int, segment_create(fixture_dir(), 1 << 20), 0));
	while (segment_page_new(HR_PAGE_NODES, 0, 0) != NULL)
		;
	cr_expect(eq(u32, segment.header->pages_used, pages - pages / 4), "stacks");
	while (segment_page_new(HR_PAGE_COUNTERS, 0, 1) != NULL)
		;
	cr_expect(eq(u32, segment.header->pages_used, pages - pages / 16), "counters");
	cr_expect(eq(u32, segment.header->grow_stopped, 0));
	while (segment_page_new(HR_PAGE_COUNTERS, 0, 0) != NULL)
		;
	cr_expect(eq(u32, segment.header->pages_used, pages), "threads");
	cr_expect(eq(u32, segment.header->grow_stopped, 1));
	cr_expect(eq(ptr, segment_page_new(HR_PAGE_THREADS, 0, 0), NULL));
}

Test(segment_writer, a_frozen_segment_gives_what_it_has)
{
	uint32_t number, pages = 0;

	cr_assert(eq(int, segment_create(fixture_dir(), 8 << 20), 0));
	segment_freeze(3);
	while (page_new(&number) != NULL)
		pages++;
	cr_expect(pages > 0 && pages < 100, "%u pages", pages);
	cr_expect(eq(u32, segment.header->grow_stopped, 3));
	segment_freeze(1);
	cr_expect(eq(u32, segment.header->grow_stopped, 3), "the first reason stays");
}

Test(segment_writer, a_budget_too_small_is_refused)
{
	cr_expect(eq(int, segment_create(fixture_dir(), 16 * HR_PAGE), -EFBIG));
	cr_expect(eq(ptr, segment.header, NULL));
}

Test(segment_writer, errors_are_told_and_leave_nothing)
{
	char dir[600];

	cr_expect(eq(int, segment_create("/nowhere/at/all", 1 << 20), -ENOENT));
	memset(dir, 'd', sizeof dir);
	dir[sizeof dir - 1] = '\0';
	cr_expect(eq(int, segment_create(dir, 1 << 20), -ENAMETOOLONG));
	cr_expect(eq(ptr, segment.header, NULL));
	segment_freeze(1); /* harmless without a segment */
}

Test(segment_writer, a_limit_on_file_sizes_is_a_budget)
{
	struct rlimit limit = { 2 << 20, 2 << 20 };

	fixture_dir();
	setrlimit(RLIMIT_FSIZE, &limit);
	cr_assert(eq(int, segment_create(fixture_dir(), 64 << 20), 0));
	cr_expect(eq(u32, segment.header->pages_max, (2 << 20) / HR_PAGE));
}

Test(segment_writer, trimming_leaves_the_pages_in_use)
{
	struct stat st;
	uint32_t number = 0;

	cr_assert(eq(int, segment_create(fixture_dir(), 64 << 20), 0));
	for (unsigned i = 0; i < 50; i++)
		memset(page_new(&number), 1, HR_PAGE);
	segment_trim();
	cr_assert(eq(int, stat(segment_path(), &st), 0));
	cr_expect(st.st_size >= (number + 1l) * HR_PAGE && st.st_size < 1 << 20);
	/* what other threads still do must not fault */
	while (page_new(&number) != NULL)
		memset(segment_at(number), 2, HR_PAGE);
	cr_expect(le(i64, (number + 1l) * HR_PAGE, st.st_size));
}

Test(segment_writer, a_dump_is_the_pages_in_use_marked_as_one)
{
	struct heapring_header head;
	char path[300];
	uint32_t number = 0;
	struct stat st;
	int fd;

	cr_assert(eq(int, segment_create(fixture_dir(), 8 << 20), 0));
	memset(page_new(&number), 0x5a, HR_PAGE);
	snprintf(path, sizeof path, "%s/dump", fixture_dir());
	for (unsigned again = 0; again < 2; again++)
		cr_assert(eq(int, segment_dump(path), 0));
	cr_assert(eq(int, stat(path, &st), 0));
	cr_expect(eq(i64, st.st_size, (number + 1l) * HR_PAGE));
	fd = open(path, O_RDONLY);
	cr_assert(eq(i64, read(fd, &head, sizeof head), (int64_t)sizeof head));
	cr_expect(eq(u32, head.kind, 1));
	cr_expect(eq(u32, head.pages_used, number + 1));
	cr_expect(eq(u32, segment.header->kind, 0), "the segment itself is none");
	cr_expect(lt(int, segment_dump("/nowhere/dump"), 0));
}

Test(segment_writer, a_shared_tables_page_is_made_once)
{
	const struct heapring_page *map;
	void *pages[2] = { NULL, NULL };
	void *page;

	cr_assert(eq(int, segment_create(fixture_dir(), 8 << 20), 0));
	map = segment_at(1);
	page = segment_table_page(pages, 1, HR_PAGE_SITES);
	cr_assert(ne(ptr, page, NULL));
	cr_expect(eq(ptr, segment_table_page(pages, 1, HR_PAGE_SITES), page));
	cr_expect(eq(ptr, pages[1], page));
	cr_expect(eq(int, map[5].type, HR_PAGE_SITES));
	cr_expect(eq(u32, map[5].index, 1));
	cr_expect(eq(u32, segment.header->pages_used, 6));
}

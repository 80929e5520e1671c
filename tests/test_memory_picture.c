/*
 * test_memory_picture - the pieces that `rss` and `pins` are made of, on this very
 * process
 *
 * The whole, against other programs, is run_rss.py and run_pins.py.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/machine/resident_pages.h"
#include "analyzer/resident/address_space.h"

#define PAGES 64u
#define BYTES ((uint64_t)PAGES * RESIDENT_PAGE)

static struct memory_map map;
static struct resident_pages pages;
static struct fault fault;

static char *mapped(uint64_t bytes)
{
	char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	cr_assert(mem != MAP_FAILED);
	return mem;
}

static void look(bool may_scan)
{
	cr_assert(eq(int, memory_map_read((uint32_t)getpid(), &map, &fault), 0));
	cr_assert(eq(
		int,
		resident_pages_read((uint32_t)getpid(), &map, may_scan, &pages, &fault),
		0));
}

static uint64_t resident(const char *from, uint64_t bytes)
{
	return resident_bytes(&pages, (uint64_t)from, (uint64_t)from + bytes);
}

/* Every other page is written, the others are read or left alone. */
static void only_written_pages_count(bool may_scan)
{
	char *mem = mapped(BYTES);
	volatile char read = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		if (i % 2 == 0)
			mem[i * RESIDENT_PAGE] = 1;
		else if (i % 4 == 1)
			read += mem[i * RESIDENT_PAGE]; /* maps the zero page */
	}
	look(may_scan);
	cr_expect(eq(u64, resident(mem, BYTES), BYTES / 2));
	cr_expect(eq(u64, resident(mem + RESIDENT_PAGE, RESIDENT_PAGE), 0));
	cr_expect(eq(u64, resident(mem + 100, RESIDENT_PAGE), RESIDENT_PAGE - 100));
	cr_expect(eq(u64, resident(mem + 2 * RESIDENT_PAGE + 1, 5), 5));
}

Test(resident_pages, pages_that_were_never_written_do_not_count)
{
	only_written_pages_count(true);
}

Test(resident_pages, the_same_without_the_kernel_s_scan)
{
	only_written_pages_count(false);
}

Test(resident_pages, they_add_up_to_what_smaps_says_of_an_area)
{
	char *mem = mapped(BYTES);
	const struct memory_area *area;

	memset(mem, 1, BYTES);
	look(true);
	area = memory_map_at(&map, (uint64_t)mem);
	cr_assert(area != NULL);
	cr_expect(eq(u64, resident((char *)area->from, area->to - area->from),
		     area->resident));
}

Test(memory_map, no_area_holds_an_address_that_is_not_mapped)
{
	char *mem = mapped(BYTES);

	munmap(mem, BYTES);
	look(true);
	cr_expect(memory_map_at(&map, 0) == NULL);
	cr_expect(memory_map_at(&map, UINT64_MAX) == NULL);
}

Test(memory_map, somebody_who_is_gone_is_one_line)
{
	cr_expect(lt(int, memory_map_read(0x3ffffff, &map, &fault), 0));
	cr_expect(strstr(fault.text, "is gone") != NULL);
}

static struct memory_area areas[] = {
	{ .from = 0x1000, .to = 0x9000, .is_writable = true, .path = "" },
	{ .from = 0x9000, .to = 0xa000, .is_file = true, .path = "/lib/x.so" },
	{ .from = 0xb000, .to = 0xf000, .is_writable = true, .path = "" },
};
static const struct memory_map three = { .areas = areas, .count = 3 };

static enum space_kind kind_at(struct address_space *space, uint64_t address)
{
	struct space_span *span = address_space_at(space, address);

	return span ? span->kind : SPACE_KINDS;
}

Test(address_space, a_claim_takes_only_what_is_unknown)
{
	struct address_space space;

	cr_assert(eq(int, address_space_init(&space, &three), 0));
	cr_assert(
		eq(int, address_space_claim(&space, 0x8000, 0xc000, SPACE_DIRECT, 7), 0));
	cr_assert(eq(int, address_space_claim(&space, 0x1000, 0xf000, SPACE_HEAP, 0), 0));
	cr_expect(eq(int, kind_at(&space, 0x7fff), SPACE_HEAP));
	cr_expect(eq(int, kind_at(&space, 0x8000), SPACE_DIRECT));
	cr_expect(eq(int, kind_at(&space, 0x9000), SPACE_FILE));
	cr_expect(eq(int, kind_at(&space, 0xa000), SPACE_KINDS));
	cr_expect(eq(int, kind_at(&space, 0xbfff), SPACE_DIRECT));
	cr_expect(eq(int, kind_at(&space, 0xc000), SPACE_HEAP));
	address_space_done(&space);
}

Test(address_space, a_claim_inside_of_an_area_leaves_both_sides_unknown)
{
	struct address_space space;

	cr_assert(eq(int, address_space_init(&space, &three), 0));
	cr_assert(
		eq(int, address_space_claim(&space, 0x3000, 0x4000, SPACE_STACK, 0), 0));
	cr_expect(eq(int, kind_at(&space, 0x2fff), SPACE_UNKNOWN));
	cr_expect(eq(int, kind_at(&space, 0x3000), SPACE_STACK));
	cr_expect(eq(int, kind_at(&space, 0x4000), SPACE_UNKNOWN));
	cr_expect(eq(sz, space.count, 5));
	address_space_done(&space);
}

Test(address_space, an_empty_claim_claims_nothing)
{
	struct address_space space;

	cr_assert(eq(int, address_space_init(&space, &three), 0));
	cr_assert(eq(int, address_space_claim(&space, 0x3000, 0x3000, SPACE_HEAP, 0), 0));
	cr_assert(eq(int, address_space_claim(&space, 0x4000, 0x2000, SPACE_HEAP, 0), 0));
	cr_expect(eq(sz, space.count, 3));
	address_space_done(&space);
}

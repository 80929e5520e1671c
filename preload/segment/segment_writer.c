/*
 * segment_writer - one shared file, grown in steps that are paid for first
 *
 * Shape. The file is given its full apparent size at once, which allocates
 * nothing on tmpfs, and is mapped once, so that pages never move. Before a
 * page is used its memory is really allocated with MADV_POPULATE_WRITE, which
 * reports a full file system as an error where a plain touch would raise
 * SIGBUS in the application. Kernels before 5.14 do not know it: there the file
 * is opened again by its path for fallocate (no descriptor is kept: programs
 * close descriptors that they do not know, and reuse their numbers).
 *
 * Invariant: every page below `committed`, and the part of the page map that
 * describes it, is allocated. committed only grows. Two threads may populate
 * the same step at once: that is harmless, so growing needs no lock.
 *
 * Pair S1 of segment.h: the entry in the page map is the release store here.
 * Pair W1: the winner's page pointer is stored with release after its memory was
 * allocated and described  ->  whoever loads it with acquire may use the page.
 */
#include "preload/segment/segment_writer.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"

#define GROW_PAGES 32u /* 128 KiB: some 20 us, below the 100 us a call may be delayed */
#define RESERVE_PAGES 256u
#define ENTRIES_PER_PAGE (HR_PAGE / (uint32_t)sizeof(struct heapring_page))
#define PATH_BYTES 512u

struct segment segment;

static char path[PATH_BYTES];
static uint32_t committed; /* pages allocated from the start of the file */

static struct heapring_page *map_entry(uint32_t page)
{
	return (struct heapring_page *)(segment.base + HR_PAGE) + page;
}

static int allocate_by_path(uint64_t offset, uint64_t bytes)
{
	int fd = os_open(path, true);
	int ret;

	if (fd < 0)
		return fd;
	ret = os_allocate(fd, offset, bytes);
	os_close(fd);
	return ret;
}

static int allocate(uint64_t offset, uint64_t bytes)
{
	int ret = os_populate(segment.base + offset, bytes);

	if (ret == -EINVAL)
		return allocate_by_path(offset, bytes);
	return ret == -EFAULT ? -ENOSPC : ret; /* where a touch would be SIGBUS */
}

/* Makes pages [committed, through] usable, and their map entries. */
static bool grow(uint32_t through)
{
	struct heapring_header *h = segment.header;
	uint32_t from = __atomic_load_n(&committed, __ATOMIC_RELAXED);
	uint32_t to = through + GROW_PAGES;

	if (__atomic_load_n(&h->grow_stopped, __ATOMIC_RELAXED) != 0)
		return through < from;
	if (to > h->pages_max)
		to = h->pages_max;
	if (through >= to)
		return false;
	/* the map page first: entries are written before anything else */
	if (allocate((1 + (uint64_t)from / ENTRIES_PER_PAGE) * HR_PAGE,
		     ((uint64_t)(to - 1) / ENTRIES_PER_PAGE - from / ENTRIES_PER_PAGE +
		      1) * HR_PAGE) < 0 ||
	    (to > from &&
	     allocate((uint64_t)from * HR_PAGE, (uint64_t)(to - from) * HR_PAGE) < 0)) {
		segment_freeze(2);
		return false;
	}
	while (from < to &&
	       !__atomic_compare_exchange_n(&committed, &from, to, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return true;
}

static void describe_page(uint32_t page, uint16_t type, uint16_t owner, uint32_t index)
{
	struct heapring_page entry = { type, owner, index };
	uint64_t word;

	memcpy(&word, &entry, sizeof word);
	__atomic_store_n((uint64_t *)map_entry(page), word, __ATOMIC_RELEASE); /* S1 */
}

/*
 * Past the budget new stacks count under one site, but every thread must go on
 * counting, or frees would be missed and totals wrong. So the last quarter is for
 * counters, and the last sixteenth for what a new thread needs to begin.
 */
static uint32_t limit_of(enum heapring_page_type type, uint32_t index)
{
	uint32_t max = segment.header->pages_max;

	if (type == HR_PAGE_THREADS || (type == HR_PAGE_COUNTERS && index == 0))
		return max;
	return type == HR_PAGE_COUNTERS ? max - max / 16 : max - max / 4;
}

/* The number of a page that is allocated and zeroed; 0: no more room. */
static uint32_t take(uint32_t limit)
{
	struct heapring_header *h = segment.header;
	uint32_t page = __atomic_load_n(&h->pages_used, __ATOMIC_RELAXED);

	do {
		if (page >= h->pages_max)
			segment_freeze(1);
		if (page >= limit)
			return 0;
		if (page >= __atomic_load_n(&committed, __ATOMIC_RELAXED) && !grow(page))
			return 0;
	} while (!__atomic_compare_exchange_n(&h->pages_used, &page, page + 1, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return page;
}

void *segment_page_new(enum heapring_page_type type, uint32_t owner, uint32_t index)
{
	uint32_t page = take(limit_of(type, index));

	if (page == 0)
		return NULL;
	describe_page(page, (uint16_t)type, (uint16_t)owner, index);
	return segment_at(page);
}

void *segment_page_at(void **place, enum heapring_page_type type, uint32_t owner,
		      uint32_t index)
{
	void *have = __atomic_load_n(place, __ATOMIC_ACQUIRE); /* W1 */
	uint32_t page;

	if (have != NULL)
		return have;
	page = take(limit_of(type, index));
	if (page == 0)
		return NULL;
	describe_page(page, (uint16_t)(type | HR_PAGE_CANDIDATE), (uint16_t)owner, index);
	if (!__atomic_compare_exchange_n(place, &have, segment_at(page), false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) /* W1 */
		return have;
	describe_page(page, (uint16_t)type, (uint16_t)owner, index);
	return segment_at(page);
}

void *segment_table_page(void **pages, uint32_t index, enum heapring_page_type type)
{
	return segment_page_at(&pages[index], type, 0, index);
}

bool segment_grow_ahead(uint32_t pages)
{
	const struct heapring_header *h = segment.header;
	uint32_t ready = __atomic_load_n(&committed, __ATOMIC_RELAXED);
	uint32_t used = __atomic_load_n(&h->pages_used, __ATOMIC_RELAXED);

	if (used + pages < ready || ready >= h->pages_max ||
	    __atomic_load_n(&h->grow_stopped, __ATOMIC_RELAXED) != 0)
		return false;
	return grow(ready);
}

void segment_freeze(uint32_t reason)
{
	uint32_t none = 0;

	if (segment.header != NULL)
		__atomic_compare_exchange_n(&segment.header->grow_stopped, &none, reason,
					    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void segment_freeze_with_reserve(void)
{
	uint32_t page = __atomic_load_n(&segment.header->pages_used, __ATOMIC_RELAXED);

	if (page + RESERVE_PAGES < segment.header->pages_max)
		grow(page + RESERVE_PAGES);
	segment_freeze(3);
}

static void describe(uint32_t pages_max, uint32_t map_pages)
{
	struct heapring_header *h = segment.header;
	struct heapring_page entry = { HR_PAGE_HEADER, 0, 0 };

	h->version = HEAPRING_VERSION;
	h->header_bytes = sizeof *h;
	h->page_bytes = HR_PAGE;
	h->pages_max = pages_max;
	h->map_pages = map_pages;
	h->pages_used = 1 + map_pages;
	*map_entry(0) = entry;
	for (uint32_t i = 0; i < map_pages; i++) {
		entry = (struct heapring_page){ HR_PAGE_MAP, 0, i };
		*map_entry(1 + i) = entry;
	}
}

/* The map's own pages are allocated with the pages they describe, except those
 * that describe the header and the map itself. */
static int map_file(int fd, uint32_t pages_max, uint32_t map_pages)
{
	uint32_t first = (1 + map_pages) / ENTRIES_PER_PAGE + 2;
	int ret = os_truncate(fd, (uint64_t)pages_max * HR_PAGE);

	if (ret < 0)
		return ret;
	segment.bytes = (uint64_t)pages_max * HR_PAGE;
	segment.base = os_map_shared(fd, segment.bytes);
	if (segment.base == NULL)
		return -ENOMEM;
	ret = allocate(0, (uint64_t)first * HR_PAGE);
	if (ret < 0)
		return ret;
	segment.header = (struct heapring_header *)segment.base;
	describe(pages_max, map_pages);
	committed = 1 + map_pages;
	if (!grow(1 + map_pages))
		return -ENOSPC;
	return 0;
}

int segment_create(const char *dir, uint64_t budget)
{
	uint64_t limit = os_limit_file();
	uint64_t pages = (budget < limit ? budget : limit) / HR_PAGE;
	uint64_t map_pages;
	struct text text = text_into(path, sizeof path);
	int fd;
	int ret;

	if (pages > HR_SITE_MAX)
		pages = HR_SITE_MAX;
	map_pages = (pages + ENTRIES_PER_PAGE - 1) / ENTRIES_PER_PAGE;
	if (pages < map_pages + 16)
		return -EFBIG;

	text_str(&text, dir);
	text_str(&text, "/" HEAPRING_PREFIX);
	text_u64(&text, os_pid());
	text_str(&text, ".");
	text_u64(&text, os_unix_ns());
	if (text.cut)
		return -ENAMETOOLONG;
	fd = os_create(path);
	if (fd < 0)
		return fd;
	ret = map_file(fd, (uint32_t)pages, (uint32_t)map_pages);
	os_close(fd);
	if (ret < 0) {
		os_unlink(path);
		segment_forget();
	}
	return ret;
}

void segment_forget(void)
{
	if (segment.base != NULL)
		os_release(segment.base, segment.bytes);
	segment = (struct segment){ 0 };
	committed = 0;
}

struct heapring_header *segment_leave(void)
{
	struct heapring_header *header = segment.header;

	os_release(segment.base + HR_PAGE, segment.bytes - HR_PAGE);
	segment = (struct segment){ 0 };
	committed = 0;
	return header;
}

void segment_make_private(void)
{
	char *copy = os_reserve(segment.bytes, false);

	if (copy == NULL)
		return;
	memcpy(copy, segment.base,
	       (size_t)__atomic_load_n(&committed, __ATOMIC_RELAXED) * HR_PAGE);
	if (!os_replace(copy, segment.bytes, segment.base))
		os_release(copy, segment.bytes);
}

/* pages_used never passes pages_max, but a frozen segment may end earlier. */
static uint64_t used_bytes(void)
{
	return (uint64_t)__atomic_load_n(&segment.header->pages_used, __ATOMIC_RELAXED) *
	       HR_PAGE;
}

void segment_trim(void)
{
	int fd = os_open(path, true);

	if (fd < 0)
		return;
	/* Pages that other threads take from now on would fault: stop that first. */
	segment_freeze(3);
	os_truncate(fd,
		    (uint64_t)__atomic_load_n(&committed, __ATOMIC_RELAXED) * HR_PAGE);
	os_close(fd);
}

int segment_dump(const char *to)
{
	_Alignas(8) char page[HR_PAGE];
	int fd = os_create(to);
	int ret;

	if (fd == -EEXIST && !os_is_special(to)) { /* no /dev/null is removed */
		os_unlink(to);
		fd = os_create(to);
	}
	if (fd < 0)
		return fd;
	memcpy(page, segment.header, sizeof page);
	((struct heapring_header *)(void *)page)->kind = 1;
	ret = os_write_all(fd, page, sizeof page);
	if (ret == 0)
		ret = os_write_all(fd, segment.base + HR_PAGE, used_bytes() - HR_PAGE);
	os_close(fd);
	if (ret < 0)
		os_unlink(to);
	return ret;
}

const char *segment_path(void)
{
	return path;
}

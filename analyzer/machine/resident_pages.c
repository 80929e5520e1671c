/*
 * resident_pages - which pages of a process are in memory
 *
 * Linux 6.7 answers PAGEMAP_SCAN: runs of pages of a kind, without a word for each page
 * that is not there. Before that /proc/PID/pagemap has eight bytes a page. It does not
 * tell the zero page from others; but that one is never "exclusively mapped", so where
 * an area has more present pages than Rss, those that are not exclusive are left out.
 */
#include "analyzer/machine/resident_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ENTRIES 4096u
#define REGIONS 512u
#define RUNS_MAX (1u << 26)
#define PRESENT (1ull << 63)
#define EXCLUSIVE (1ull << 56)

/* As linux/fs.h has them since 6.7. */
struct scan_region {
	uint64_t from, to, categories;
};
struct scan_request {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, any_of, wanted;
};
#define SCAN _IOWR('f', 16, struct scan_request)
#define SCAN_PRESENT (1u << 3)
#define SCAN_ZERO (1u << 5)

static int add_run(struct resident_pages *pages, uint64_t from, uint64_t to)
{
	struct resident_run *last =
		pages->count > 0 ? &pages->runs[pages->count - 1] : NULL;
	struct resident_run *grown;

	if (last && last->to == from) {
		last->to = to;
		return 0;
	}
	if (pages->count >= RUNS_MAX || (last && from < last->to))
		return -ENOMEM;
	if ((pages->count & (pages->count - 1)) == 0) {
		grown = realloc(pages->runs,
				(pages->count ? 2 * pages->count : 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		pages->runs = grown;
	}
	pages->runs[pages->count++] = (struct resident_run){ from, to, 0 };
	return 0;
}

/* 1: this kernel does not know the call. */
static int scan_area(int fd, const struct memory_area *area, struct resident_pages *pages)
{
	struct scan_region regions[REGIONS];
	struct scan_request request = { .size = sizeof(request),
					.start = area->from,
					.end = area->to,
					.vec = (uintptr_t)regions,
					.vec_len = REGIONS,
					.inverted = SCAN_ZERO,
					.mask = SCAN_PRESENT | SCAN_ZERO,
					.wanted = SCAN_PRESENT };
	int found, r = 0;

	while (r == 0 && request.start < request.end) {
		found = ioctl(fd, SCAN, &request);
		if (found < 0)
			return errno == EFAULT ? 0 : 1; /* the area is gone */
		for (int i = 0; r == 0 && i < found; i++)
			r = add_run(pages, regions[i].from, regions[i].to);
		if (request.walk_end <= request.start)
			break;
		request.start = request.walk_end;
	}
	return r;
}

static int read_area(int fd, const struct memory_area *area, bool exclusive,
		     struct resident_pages *pages)
{
	uint64_t entries[ENTRIES], at = area->from;
	uint64_t wanted = exclusive ? PRESENT | EXCLUSIVE : PRESENT;
	int r = 0;

	while (r == 0 && at < area->to) {
		uint64_t left = (area->to - at) / RESIDENT_PAGE;
		size_t ask = left < ENTRIES ? left : ENTRIES;
		ssize_t got = pread(fd, entries, ask * sizeof(*entries),
				    (off_t)(at / RESIDENT_PAGE * sizeof(*entries)));

		if (got < (ssize_t)sizeof(*entries))
			return 0;
		ask = (size_t)got / sizeof(*entries);
		for (size_t i = 0; r == 0 && i < ask; i++, at += RESIDENT_PAGE)
			if ((entries[i] & wanted) == wanted)
				r = add_run(pages, at, at + RESIDENT_PAGE);
	}
	return r;
}

/* In two attempts: the second when the zero page is among them. */
static int read_exact(int fd, const struct memory_area *area,
		      struct resident_pages *pages)
{
	struct resident_pages had = *pages;
	struct resident_run last = { 0 };
	uint64_t bytes = 0;
	int r;

	if (area->to - area->from > RESIDENT_AREA_MAX)
		return 0;
	if (had.count > 0)
		last = had.runs[had.count - 1];
	r = read_area(fd, area, false, pages);
	for (size_t i = had.count > 0 ? had.count - 1 : 0; i < pages->count; i++)
		bytes += pages->runs[i].to - pages->runs[i].from;
	bytes -= last.to - last.from;
	if (r < 0 || bytes <= area->resident)
		return r;
	pages->count = had.count;
	if (had.count > 0)
		pages->runs[had.count - 1] = last;
	return read_area(fd, area, true, pages);
}

static int read_all(int fd, const struct memory_map *map, bool scans,
		    struct resident_pages *pages)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < map->count; i++) {
		const struct memory_area *area = &map->areas[i];

		if (area->resident == 0)
			continue;
		if (scans) {
			r = scan_area(fd, area, pages);
			scans = r <= 0;
		}
		if (!scans)
			r = read_exact(fd, area, pages);
	}
	return r;
}

int resident_pages_read(uint32_t pid, const struct memory_map *map, bool may_scan,
			struct resident_pages *ret_pages, struct fault *fault)
{
	char path[64];
	uint64_t bytes = 0;
	int fd, r;

	memset(ret_pages, 0, sizeof(*ret_pages));
	snprintf(path, sizeof(path), "/proc/%u/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return memory_map_denied(pid, -errno, fault);
	r = read_all(fd, map, may_scan, ret_pages);
	close(fd);
	if (r < 0) {
		resident_pages_done(ret_pages);
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the pages of process %u", pid);
	}
	for (size_t i = 0; i < ret_pages->count; i++) {
		ret_pages->runs[i].before = bytes;
		bytes += ret_pages->runs[i].to - ret_pages->runs[i].from;
	}
	return 0;
}

void resident_pages_done(struct resident_pages *pages)
{
	free(pages->runs);
	memset(pages, 0, sizeof(*pages));
}

/* The first run that ends above the address. */
static size_t run_above(const struct resident_pages *pages, uint64_t address)
{
	size_t low = 0, high = pages->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pages->runs[middle].to <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Bytes on resident pages below the address, given the run from run_above(). */
static uint64_t below(const struct resident_pages *pages, size_t at, uint64_t address)
{
	const struct resident_run *last;

	if (at < pages->count)
		return pages->runs[at].before + (address > pages->runs[at].from
							 ? address - pages->runs[at].from
							 : 0);
	if (pages->count == 0)
		return 0;
	last = &pages->runs[pages->count - 1];
	return last->before + (last->to - last->from);
}

uint64_t resident_bytes(struct resident_pages *pages, uint64_t from, uint64_t to)
{
	size_t at = pages->at;

	if (from >= to)
		return 0;
	if (at < pages->count && pages->runs[at].from <= from && to <= pages->runs[at].to)
		return to - from;
	at = pages->at = run_above(pages, from);
	return below(pages, run_above(pages, to), to) - below(pages, at, from);
}

/*
 * segment_map - which page of a segment or dump holds what
 *
 * Order of trust: the size of the file bounds pages_max and map_pages; those
 * bound the map; the map's own entries bound every table. A count from the
 * header is never used for an allocation before it was compared with the file.
 *
 * A segment may be sparse and end past its last page in use, and pages_used may
 * pass what was really allocated when the budget ran out. So a segment is
 * complete when every page its map names is there; a dump, which is written
 * in one go, must have all pages_used of them.
 *
 * Pages that claim one place are found by sorting a claim for each entry.
 */
#include "analyzer/segment/segment_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_PER_PAGE (HR_PAGE / (uint32_t)sizeof(struct heapring_page))
#define PAGES_LIMIT (1u << 24)     /* 64 GiB: no budget is larger than that */
#define RUN_PAGES 64u              /* pages read with one call */
#define HR_PAGE_UNUSED HR_PAGE_MAP /* described, but no part of any table */

int segment_map_read(int fd, const char *path, void *buffer, size_t bytes,
		     uint64_t offset, struct fault *fault)
{
	char *to = buffer;

	while (bytes > 0) {
		ssize_t got = pread(fd, to, bytes, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_set(fault, FAULT_INPUT, -errno, "cannot read %s: %s",
					 path, strerror(errno));
		if (got == 0)
			return fault_set(fault, FAULT_INPUT, -EIO,
					 "%s ends at byte %llu while it is read: it was "
					 "cut short or removed",
					 path, (unsigned long long)offset);
		to += got;
		offset += (uint64_t)got;
		bytes -= (size_t)got;
	}
	return 0;
}

static int check_header(const struct heapring_header *header, const char *path,
			struct fault *fault)
{
	uint32_t least = (header->pages_max + ENTRIES_PER_PAGE - 1) / ENTRIES_PER_PAGE;

	if (header->magic == 0)
		return fault_set(
			fault, FAULT_INPUT, -EAGAIN,
			"%s is a segment that its process has not filled in yet; "
			"try again",
			path);
	if (header->magic != HEAPRING_MAGIC)
		return fault_set(fault, FAULT_INPUT, -EINVAL,
				 "%s is not a heapring segment or dump", path);
	if (header->version != HEAPRING_VERSION)
		return fault_set(
			fault, FAULT_INPUT, -EPROTO,
			"%s has format version %u, this heapring reads version %u; "
			"use the heapring that came with the libheapring.so that "
			"wrote it",
			path, header->version, HEAPRING_VERSION);
	if (header->page_bytes != HR_PAGE || header->header_bytes != sizeof(*header) ||
	    header->pages_max < 2 || header->pages_max > PAGES_LIMIT ||
	    header->map_pages < least || header->map_pages >= header->pages_max ||
	    header->pages_used <= header->map_pages)
		return fault_set(fault, FAULT_INPUT, -EINVAL,
				 "%s is damaged: the sizes in its header contradict each "
				 "other",
				 path);
	return 0;
}

static int file_size(int fd, const char *path, uint64_t *ret_bytes, struct fault *fault)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fault_set(fault, FAULT_INPUT, -errno, "cannot read %s: %s", path,
				 strerror(errno));
	*ret_bytes = (uint64_t)st.st_size;
	return 0;
}

int segment_map_header(int fd, const char *path, struct heapring_header *ret_header,
		       struct fault *fault)
{
	uint64_t magic = 0, bytes = 0;
	int r = file_size(fd, path, &bytes, fault);

	if (r < 0)
		return r;
	if (bytes == 0)
		return fault_set(fault, FAULT_INPUT, -EINVAL, "%s is empty", path);
	if (bytes >= sizeof(magic)) {
		r = segment_map_read(fd, path, &magic, sizeof(magic), 0, fault);
		if (r < 0)
			return r;
	}
	if (bytes < HR_PAGE && magic != HEAPRING_MAGIC)
		return fault_set(fault, FAULT_INPUT, -EINVAL,
				 "%s is not a heapring segment or dump", path);
	if (bytes < HR_PAGE)
		return fault_set(fault, FAULT_INPUT, -EIO,
				 "%s is cut short: even its first page is incomplete",
				 path);
	r = segment_map_read(fd, path, ret_header, sizeof(*ret_header), 0, fault);
	if (r < 0)
		return r;
	ret_header->exe[HR_EXE - 1] = '\0';
	ret_header->command[HR_COMMAND - 1] = '\0';
	ret_header->allocator[sizeof(ret_header->allocator) - 1] = '\0';
	ret_header->preceding[sizeof(ret_header->preceding) - 1] = '\0';
	if (ret_header->command_len > HR_COMMAND)
		ret_header->command_len = HR_COMMAND;
	return check_header(ret_header, path, fault);
}

static int cut_short(const struct segment_map *map, uint32_t present, uint32_t wanted,
		     struct fault *fault)
{
	return fault_set(fault, FAULT_INPUT, -EIO,
			 "%s is cut short: %u of its %u pages are missing; copy it again "
			 "from where it was written",
			 map->path, wanted - present, wanted);
}

uint32_t segment_map_used(const struct segment_map *map)
{
	uint32_t used = map->pages_count;

	while (used > 0 && map->pages[used - 1].type == HR_PAGE_NONE)
		used--;
	if (used <= map->header.map_pages)
		used = map->header.map_pages + 1;
	return used;
}

static uint64_t page_key(const struct heapring_page *page)
{
	return (uint64_t)page->type << 48 | (uint64_t)page->owner << 32 | page->index;
}

struct claim {
	uint64_t key;
	uint32_t page;
	bool candidate;
};

/* By place, settled pages before candidates. */
static int by_key(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? 1 : -1;
	return x->candidate - y->candidate;
}

static size_t collect_claims(const struct segment_map *map, struct claim *claims)
{
	size_t n = 0;

	for (uint32_t i = 0; i < map->pages_count; i++) {
		struct heapring_page page = map->pages[i];
		bool candidate = (page.type & HR_PAGE_CANDIDATE) != 0;

		page.type &= (uint16_t)~HR_PAGE_CANDIDATE;
		if (page.type >= HR_PAGE_NODES)
			claims[n++] = (struct claim){ page_key(&page), i, candidate };
	}
	qsort(claims, n, sizeof(*claims), by_key);
	return n;
}

/*
 * Of the pages that claim one place, the first in order has it; a second settled
 * one means damage, candidates that lost are ignored (HR_PAGE_UNUSED).
 */
static int settle(struct segment_map *map, struct fault *fault)
{
	struct claim *claims = malloc((map->pages_count + 1) * sizeof(*claims));
	size_t n;
	bool twice = false;

	if (!claims)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				 map->path);
	n = collect_claims(map, claims);
	for (size_t i = 0; i < n; i++) {
		bool first = i == 0 || claims[i].key != claims[i - 1].key;
		uint16_t *type = &map->pages[claims[i].page].type;

		twice |= !first && !claims[i].candidate;
		*type = first ? (uint16_t)(*type & ~HR_PAGE_CANDIDATE) : HR_PAGE_UNUSED;
	}
	free(claims);
	if (twice)
		return fault_set(
			fault, FAULT_INPUT, -EINVAL,
			"%s is damaged: two pages claim the same place in a table",
			map->path);
	return 0;
}

/* Unknown types are of a newer shim of the same version: they are skipped. */
static int check_entries(const struct segment_map *map, uint32_t from,
			 struct fault *fault)
{
	for (uint32_t i = from; i < map->pages_count; i++) {
		const struct heapring_page *page = &map->pages[i];

		if (page->type < HR_PAGE_NODES || page->type > HR_PAGE_SNAPSHOT)
			continue;
		if (i <= map->header.map_pages || page->owner >= HR_THREADS_MAX ||
		    page->index / 4 > map->pages_count)
			return fault_set(
				fault, FAULT_INPUT, -EINVAL,
				"%s is damaged: page %u is described as part %u of "
				"table %u",
				map->path, i, page->index, page->type);
	}
	return 0;
}

static int load_entries(struct segment_map *map, struct fault *fault)
{
	uint64_t bytes = 0;
	uint32_t present, wanted;
	int r = file_size(map->fd, map->path, &bytes, fault);

	if (r < 0)
		return r;
	present =
		bytes / HR_PAGE > PAGES_LIMIT ? PAGES_LIMIT : (uint32_t)(bytes / HR_PAGE);
	wanted = map->pages_count;
	if (present <= map->header.map_pages ||
	    (map->header.kind == 1 && present < wanted))
		return cut_short(map, present < wanted ? present : wanted - 1, wanted,
				 fault);
	map->pages = calloc(map->pages_count, sizeof(*map->pages));
	if (!map->pages)
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the %u pages of %s", map->pages_count,
				 map->path);
	r = segment_map_read(map->fd, map->path, map->pages,
			     map->pages_count * sizeof(*map->pages), HR_PAGE, fault);
	if (r == 0 && segment_map_used(map) > present)
		r = cut_short(map, present, segment_map_used(map), fault);
	if (r == 0)
		r = settle(map, fault);
	if (r == 0)
		r = check_entries(map, 0, fault);
	return r;
}

int segment_map_load(int fd, const char *path, struct segment_map *ret_map,
		     struct fault *fault)
{
	struct segment_map map = { .fd = fd, .path = path };
	int r = segment_map_header(fd, path, &map.header, fault);

	if (r < 0)
		return r;
	map.pages_count = map.header.pages_used < map.header.pages_max
				  ? map.header.pages_used
				  : map.header.pages_max;
	r = load_entries(&map, fault);
	if (r < 0) {
		segment_map_done(&map);
		return r;
	}
	*ret_map = map;
	return 0;
}

void segment_map_done(struct segment_map *map)
{
	free(map->pages);
	map->pages = NULL;
	map->pages_count = 0;
}

int segment_map_refresh(struct segment_map *map, uint32_t *ret_from, struct fault *fault)
{
	uint32_t used, from;
	struct heapring_page *pages;
	int r = segment_map_read(map->fd, map->path, &used, sizeof(used),
				 offsetof(struct heapring_header, pages_used), fault);

	if (r < 0)
		return r;
	if (used > map->header.pages_max)
		used = map->header.pages_max;
	if (used < map->pages_count)
		used = map->pages_count;
	/* a page may be taken and not described yet: it is looked at again */
	while (map->described < map->pages_count &&
	       map->pages[map->described].type != HR_PAGE_NONE)
		map->described++;
	from = *ret_from = map->described;
	if (used == from)
		return 0;
	pages = realloc(map->pages, used * sizeof(*pages));
	if (!pages)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				 map->path);
	map->pages = pages;
	map->pages_count = used;
	r = segment_map_read(map->fd, map->path, pages + from,
			     (used - from) * sizeof(*pages),
			     HR_PAGE + (uint64_t)from * sizeof(*pages), fault);
	return r == 0 ? check_entries(map, from, fault) : r;
}

uint32_t segment_map_span(const struct segment_map *map, enum heapring_page_type type)
{
	uint32_t span = 0;

	for (uint32_t i = 0; i < map->pages_count; i++)
		if (map->pages[i].type == type && map->pages[i].index >= span)
			span = map->pages[i].index + 1;
	return span;
}

int segment_map_each(const struct segment_map *map, enum heapring_page_type type,
		     segment_map_page_fn *fn, void *arg, struct fault *fault)
{
	char *buffer = aligned_alloc(64, (size_t)RUN_PAGES * HR_PAGE);
	int r = 0;

	if (!buffer)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				 map->path);
	for (uint32_t i = 0, n; r == 0 && i < map->pages_count; i += n) {
		n = 0;
		while (n < RUN_PAGES && i + n < map->pages_count &&
		       map->pages[i + n].type == type)
			n++;
		if (n == 0) {
			n = 1;
			continue;
		}
		r = segment_map_read(map->fd, map->path, buffer, (size_t)n * HR_PAGE,
				     (uint64_t)i * HR_PAGE, fault);
		for (uint32_t k = 0; r == 0 && k < n; k++)
			r = fn(arg, &map->pages[i + k], buffer + (size_t)k * HR_PAGE);
	}
	free(buffer);
	return r;
}

/*
 * counter_pages - the counters of a segment, with frees older than allocations
 *
 * A file that nobody writes is read in file order. From a live segment the pages
 * are read in groups of one index (the same sites, of every thread):
 *   1. all pages of the group, for their frees;
 *   2. the tail of the page map: a page that a thread took before a free of 1.
 *      was counted is known now;
 *   3. all pages of the group again, for everything else.
 * Pages only ever come to be, with rising numbers, so step 2 reads four bytes
 * and mostly nothing else.
 *
 * Groups are in rising order of index. A page of an index that is done already
 * is left for the next reader: that group's moment has passed.
 */
#include "analyzer/segment/counter_pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct segment_map *map;
	counter_pages_fn *fn;
	void *arg;
	struct fault *fault;
	uint32_t *numbers; /* counter pages, by index */
	uint32_t count, room;
	bool *listed; /* by page number: is it in numbers? */
	uint32_t listed_room;
	struct heapring_counter *frees; /* of the group, page after page */
	uint32_t frees_room;
};

static int out_of_memory(struct reading *reading)
{
	return fault_set(reading->fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
			 reading->map->path);
}

static uint32_t index_of(const struct reading *reading, uint32_t i)
{
	return reading->map->pages[reading->numbers[i]].index;
}

static int by_index(const void *a, const void *b, void *arg)
{
	const struct heapring_page *pages = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (pages[x].index != pages[y].index)
		return pages[x].index < pages[y].index ? -1 : 1;
	return (x > y) - (x < y);
}

static int list_page(struct reading *reading, uint32_t page)
{
	if (reading->count == reading->room) {
		uint32_t room = reading->room ? reading->room * 2 : 256;
		uint32_t *grown = realloc(reading->numbers, room * sizeof(*grown));

		if (!grown)
			return out_of_memory(reading);
		reading->numbers = grown;
		reading->room = room;
	}
	reading->listed[page] = true;
	reading->numbers[reading->count++] = page;
	return 0;
}

/* Lists the counter pages that are new in the map; keeps those from `done` sorted. */
static int list_pages(struct reading *reading, uint32_t from, uint32_t done)
{
	const struct segment_map *map = reading->map;
	uint32_t before = reading->count;
	int r = 0;

	if (map->pages_count > reading->listed_room) {
		bool *grown = realloc(reading->listed, map->pages_count * sizeof(*grown));

		if (!grown)
			return out_of_memory(reading);
		memset(grown + reading->listed_room, 0,
		       map->pages_count - reading->listed_room);
		reading->listed = grown;
		reading->listed_room = map->pages_count;
	}
	for (uint32_t page = from; r == 0 && page < map->pages_count; page++)
		if (map->pages[page].type == HR_PAGE_COUNTERS && !reading->listed[page])
			r = list_page(reading, page);
	if (reading->count > before)
		qsort_r(reading->numbers + done, reading->count - done,
			sizeof(*reading->numbers), by_index, map->pages);
	return r;
}

static uint32_t group_size(const struct reading *reading, uint32_t first)
{
	uint32_t size = 1;

	while (first + size < reading->count &&
	       index_of(reading, first + size) == index_of(reading, first))
		size++;
	return size;
}

static int read_page(struct reading *reading, uint32_t i, void *to)
{
	return segment_map_read(reading->map->fd, reading->map->path, to, HR_PAGE,
				(uint64_t)reading->numbers[i] * HR_PAGE, reading->fault);
}

static int read_frees(struct reading *reading, uint32_t first, uint32_t size)
{
	int r = 0;

	if (size > reading->frees_room) {
		void *grown = realloc(reading->frees, (size_t)size * HR_PAGE);

		if (!grown)
			return out_of_memory(reading);
		reading->frees = grown;
		reading->frees_room = size;
	}
	for (uint32_t i = 0; r == 0 && i < size; i++)
		r = read_page(reading, first + i,
			      reading->frees + (size_t)i * HR_COUNTERS_PER_PAGE);
	return r;
}

static void take_frees(struct heapring_counter *to, const struct heapring_counter *from,
		       bool sampled)
{
	to->frees = from->frees;
	to->free_bytes = from->free_bytes;
	memcpy(to->lifetime, from->lifetime, sizeof(to->lifetime));
	if (!sampled)
		return; /* the union holds sizes, which belong to the allocations */
	to->sampled.free_bytes_var = from->sampled.free_bytes_var;
	to->sampled.free_objects_var = from->sampled.free_objects_var;
}

/* The old frees of a page, NULL when it is newer than they are. */
static const struct heapring_counter *old_frees(const struct reading *reading,
						const uint32_t *group, uint32_t size,
						uint32_t number)
{
	for (uint32_t i = 0; i < size; i++)
		if (group[i] == number)
			return reading->frees + (size_t)i * HR_COUNTERS_PER_PAGE;
	return NULL;
}

static int show_page(struct reading *reading, uint32_t i,
		     const struct heapring_counter *frees)
{
	static const struct heapring_counter none;
	struct heapring_counter fresh[HR_COUNTERS_PER_PAGE];
	bool sampled = reading->map->header.mode == HR_MODE_SAMPLED;
	uint32_t number = reading->numbers[i];
	int r = read_page(reading, i, fresh);

	for (uint32_t c = 0; c < HR_COUNTERS_PER_PAGE; c++)
		take_frees(&fresh[c], frees ? &frees[c] : &none, sampled);
	if (r == 0)
		r = reading->fn(reading->arg, number, &reading->map->pages[number],
				fresh);
	return r;
}

/* Reads one group; *ret_next: where the next one begins. */
static int read_group(struct reading *reading, uint32_t first, uint32_t *ret_next)
{
	uint32_t size = group_size(reading, first), index = index_of(reading, first);
	uint32_t *group = malloc(size * sizeof(*group)), from = 0;
	int r = group ? read_frees(reading, first, size) : out_of_memory(reading);

	if (r == 0) {
		memcpy(group, reading->numbers + first, size * sizeof(*group));
		r = segment_map_refresh(reading->map, &from, reading->fault);
	}
	if (r == 0)
		r = list_pages(reading, from, first);
	/* new pages of indices that are done now stand before the group */
	while (r == 0 && index_of(reading, first) < index)
		first++;
	for (; r == 0 && first < reading->count && index_of(reading, first) == index;
	     first++)
		r = show_page(reading, first,
			      old_frees(reading, group, size, reading->numbers[first]));
	free(group);
	*ret_next = first;
	return r;
}

static int read_live(struct reading *reading)
{
	uint32_t next = 0;
	int r = list_pages(reading, 0, 0);

	while (r == 0 && next < reading->count)
		r = read_group(reading, next, &next);
	free(reading->numbers);
	free(reading->listed);
	free(reading->frees);
	return r;
}

static int show_as_it_is(void *arg, const struct heapring_page *page, const void *data)
{
	struct reading *reading = arg;

	return reading->fn(reading->arg, (uint32_t)(page - reading->map->pages), page,
			   data);
}

int counter_pages_each(struct segment_map *map, bool is_live, counter_pages_fn *fn,
		       void *arg, struct fault *fault)
{
	struct reading reading = { .map = map, .fn = fn, .arg = arg, .fault = fault };

	if (is_live)
		return read_live(&reading);
	return segment_map_each(map, HR_PAGE_COUNTERS, show_as_it_is, &reading, fault);
}

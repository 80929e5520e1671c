/*
 * history_pages - the history ring's pages, copied from a segment that may be written
 *
 * Order for a live target: values, then the state, then the log, then the tails once
 * more. A record's bytes are there before its values (H1 to H3 in segment.h), so the
 * log holds whatever the values include. A page of values that is being written
 * is read again; one whose writer was killed or stopped there takes the open
 * record's values instead. When a tail moved meanwhile slices may have been written
 * over: all is read again, a few times.
 */
#include "analyzer/profile/history_pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/segment/segment_map.h"

#define READS_OF_A_PAGE 64
#define READS_OF_ALL 4

struct reading {
	struct history_pages *pages;
	const struct segment_map *map;
	bool in_flux; /* a page of values stayed half written */
	struct fault *fault;
};

static int out_of_memory(const struct reading *reading)
{
	return fault_set(reading->fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
			 reading->map->path);
}

/* The file offset of the only page of a type; 0: there is none. */
static uint64_t offset_of(const struct segment_map *map, enum heapring_page_type type)
{
	for (uint32_t i = 0; i < map->pages_count; i++)
		if (map->pages[i].type == type && map->pages[i].index == 0)
			return (uint64_t)i * HR_PAGE;
	return 0;
}

static int read_struct(const struct reading *reading, enum heapring_page_type type,
		       void *to, size_t bytes, bool *ret_has)
{
	uint64_t offset = offset_of(reading->map, type);

	*ret_has = offset != 0;
	if (offset == 0)
		return 0;
	return segment_map_read(reading->map->fd, reading->map->path, to, bytes, offset,
				reading->fault);
}

/* Reads a page of values until its writer is not in it. */
static int read_values_page(struct reading *reading, uint64_t offset,
			    struct heapring_values_page *page)
{
	const struct segment_map *map = reading->map;
	uint64_t again[2];
	int r = 0;

	for (int i = 0; r == 0 && i < READS_OF_A_PAGE; i++) {
		r = segment_map_read(map->fd, map->path, page, sizeof(*page), offset,
				     reading->fault);
		if (r == 0)
			r = segment_map_read(map->fd, map->path, again, sizeof(again),
					     offset, reading->fault);
		if (r == 0 && page->end == page->next && again[0] == page->end &&
		    again[1] == page->next)
			return 0;
	}
	reading->in_flux = true;
	return r;
}

static int read_values(struct reading *reading)
{
	struct history_pages *pages = reading->pages;
	const struct segment_map *map = reading->map;
	struct heapring_values_page page;
	int r = 0;

	pages->values_pages = segment_map_span(map, HR_PAGE_VALUES);
	pages->values = calloc((size_t)pages->values_pages * HR_VALUES_PER_PAGE + 1,
			       sizeof(*pages->values));
	pages->included = calloc(pages->values_pages + 1, sizeof(*pages->included));
	if (!pages->values || !pages->included)
		return out_of_memory(reading);
	for (uint32_t i = 0; r == 0 && i < map->pages_count; i++) {
		uint32_t index = map->pages[i].index;

		if (map->pages[i].type != HR_PAGE_VALUES)
			continue;
		r = read_values_page(reading, (uint64_t)i * HR_PAGE, &page);
		if (r < 0)
			break;
		memcpy(pages->values + (size_t)index * HR_VALUES_PER_PAGE, page.of,
		       sizeof(page.of));
		pages->included[index] = page.next;
		if (page.next > pages->valid_end)
			pages->valid_end = page.next;
	}
	return r;
}

/* The one site whose values may be half written: H1 says what they are to be. */
static void finish_open_record(struct history_pages *pages)
{
	const struct heapring_open *open = &pages->state.open[pages->state.writer];

	if (open->site < (uint64_t)pages->values_pages * HR_VALUES_PER_PAGE)
		pages->values[open->site] = open->values;
}

static int read_log(struct reading *reading)
{
	struct history_pages *pages = reading->pages;
	const struct segment_map *map = reading->map;
	int r = 0;

	pages->log_pages = segment_map_span(map, HR_PAGE_LOG);
	pages->log = calloc(pages->log_pages + 1, HR_PAGE);
	pages->log_has = calloc(pages->log_pages + 1, sizeof(*pages->log_has));
	if (!pages->log || !pages->log_has)
		return out_of_memory(reading);
	for (uint32_t i = 0; r == 0 && i < map->pages_count; i++) {
		uint32_t index = map->pages[i].index;

		if (map->pages[i].type != HR_PAGE_LOG)
			continue;
		r = segment_map_read(map->fd, map->path,
				     pages->log + (size_t)index * HR_PAGE, HR_PAGE,
				     (uint64_t)i * HR_PAGE, reading->fault);
		pages->log_has[index] = true;
	}
	return r;
}

static int read_state(struct reading *reading)
{
	struct history_pages *pages = reading->pages;
	bool has_marks;
	int r = read_struct(reading, HR_PAGE_HISTORY, &pages->state, sizeof(pages->state),
			    &pages->has_state);

	pages->state.writer &= 1;
	if (r == 0)
		r = read_struct(reading, HR_PAGE_MARKS, pages->marks,
				sizeof(pages->marks), &has_marks);
	return r;
}

/* What the tails are now that the log was read; *ret_moved: not what they were. */
static int read_tails(struct reading *reading, bool *ret_moved)
{
	struct heapring_history now;
	bool has;
	int r = read_struct(reading, HR_PAGE_HISTORY, &now, sizeof(now), &has);

	*ret_moved = false;
	for (uint32_t i = 0; r == 0 && has && i < HR_LEVELS; i++) {
		*ret_moved |= now.level[i].tail != reading->pages->state.level[i].tail;
		reading->pages->state.level[i].tail = now.level[i].tail;
	}
	return r;
}

static int read_all(struct reading *reading, const struct target *target, bool *ret_moved)
{
	struct history_pages *pages = reading->pages;
	struct segment_map map;
	int r = segment_map_load(target->fd, target->path, &map, reading->fault);

	if (r < 0)
		return r;
	reading->map = &map;
	r = read_values(reading);
	if (r == 0)
		r = read_state(reading);
	segment_map_done(&map);
	if (r < 0 || !pages->has_state)
		return r;
	if (reading->in_flux)
		finish_open_record(pages);
	if (pages->state.open[pages->state.writer].end > pages->valid_end)
		pages->valid_end = pages->state.open[pages->state.writer].end;
	/* pages of the log may be new */
	r = segment_map_load(target->fd, target->path, &map, reading->fault);
	if (r < 0)
		return r;
	r = read_log(reading);
	if (r == 0)
		r = read_tails(reading, ret_moved);
	segment_map_done(&map);
	return r;
}

int history_pages_read(const struct target *target, struct history_pages *ret_pages,
		       struct fault *fault)
{
	bool moved = true;
	int r = 0;

	for (int i = 0; r == 0 && moved && i < READS_OF_ALL; i++) {
		struct reading reading = { .pages = ret_pages, .fault = fault };

		if (i > 0)
			history_pages_done(ret_pages);
		memset(ret_pages, 0, sizeof(*ret_pages));
		moved = false;
		r = read_all(&reading, target, &moved);
	}
	if (r < 0)
		history_pages_done(ret_pages);
	return r;
}

void history_pages_done(struct history_pages *pages)
{
	free(pages->values);
	free(pages->included);
	free(pages->log);
	free(pages->log_has);
	memset(pages, 0, sizeof(*pages));
}

const char *history_pages_at(const struct history_pages *pages, uint32_t level,
			     uint64_t pos, uint32_t bytes)
{
	uint64_t in_level = pages->state.level[level].pages, index;

	if (in_level == 0 || pos % HR_PAGE + bytes > HR_PAGE)
		return NULL;
	index = pos / HR_PAGE % in_level * HR_LEVELS + level;
	if (index >= pages->log_pages || !pages->log_has[index])
		return NULL;
	return pages->log + index * HR_PAGE + pos % HR_PAGE;
}

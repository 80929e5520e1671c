#include "analyzer/resident/picture_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <heapring/live_memory.h>

#include "analyzer/machine/private_memory.h"

#define ATTEMPTS 5u
#define LOOKED_AT_MAX (64u << 20) /* bytes of tables that are searched for pointers */
#define ROUNDS 4u

int picture_claim_private(struct memory_picture *picture)
{
	struct heapring_private *list =
		private_memory_read(picture->pid, picture->header->private_table);
	int r = list ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < list->used; i++)
		if (list->of[i].bytes > 0)
			r = address_space_claim(&picture->space, list->of[i].at,
						list->of[i].at + list->of[i].bytes,
						SPACE_PROFILER, 0);
	free(list);
	return r;
}

/*
 * Of a file that is mapped, the changed pages are private copies: its data. They are
 * told from the pages of the file by area, which is exact where a module has an area
 * for data, as every linker makes it.
 */
static void sort_files(struct memory_picture *picture)
{
	struct address_space *space = &picture->space;

	for (size_t i = 0; i < picture->map.count; i++) {
		const struct memory_area *area = &picture->map.areas[i];
		struct space_span *span = address_space_at(space, area->from);

		if (!span || span->kind != SPACE_FILE)
			continue;
		if (strcmp(basename(area->path), "libheapring.so") == 0)
			span->kind = SPACE_PROFILER;
		else if (!area->is_shared && area->anonymous > 0 &&
			 area->anonymous >= area->resident / 2)
			span->kind = SPACE_DATA;
	}
}

int picture_claim_modules(struct memory_picture *picture, const struct segment *segment)
{
	int r = 0;

	sort_files(picture);
	for (uint32_t i = 0; r == 0 && i < segment->modules_count; i++) {
		const struct heapring_module *module = &segment->modules[i];

		if (!module->ready || module->gen_last != 0 ||
		    module->end <= module->start || module->end >= 1ull << 47)
			continue;
		r = address_space_claim(
			&picture->space, module->start, module->end,
			module->flags & HR_MODULE_SHIM ? SPACE_PROFILER : SPACE_DATA, 0);
	}
	return r;
}

/* Ranges move about while one is added: only an ordered list is a whole one. */
static bool is_ordered(const struct heapring_ranges *ranges)
{
	if (ranges->count > HR_RANGES_MAX)
		return false;
	for (uint32_t i = 0; i < ranges->count; i++)
		if (ranges->range[i].at >= ranges->range[i].end ||
		    ranges->range[i].mapping >= HR_RANGES_MAX ||
		    (i > 0 && ranges->range[i].at < ranges->range[i - 1].end))
			return false;
	return true;
}

static bool read_ranges(const struct memory_picture *picture,
			struct heapring_ranges *ranges)
{
	for (unsigned i = 0; i < ATTEMPTS; i++)
		if (live_blocks_read(picture->pid, picture->header->ranges_table, ranges,
				     sizeof(*ranges)) == sizeof(*ranges) &&
		    is_ordered(ranges))
			return true;
	return false;
}

int picture_claim_ranges(struct memory_picture *picture, const struct segment *segment)
{
	struct heapring_ranges *ranges;
	int r = 0;

	if (!picture->header->mappings || !picture->header->ranges_table)
		return 0;
	ranges = calloc(1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	picture->has_ranges = read_ranges(picture, ranges);
	for (uint32_t i = 0; r == 0 && picture->has_ranges && i < ranges->count; i++) {
		const struct heapring_range *range = &ranges->range[i];
		uint32_t site = ranges->mapping[range->mapping].site;

		r = address_space_claim(&picture->space, range->at, range->end,
					SPACE_DIRECT,
					site < segment->sites_count ? site : 0);
	}
	free(ranges);
	return r;
}

struct pointers {
	uint64_t *words;
	size_t count, room;
	bool out_of_memory;
};

static void add_pointer(struct pointers *pointers, uint64_t word)
{
	uint64_t *grown;

	if (word < RESIDENT_PAGE || word >= 1ull << 47)
		return;
	if (pointers->count == pointers->room) {
		pointers->room = pointers->room ? 2 * pointers->room : 4096;
		grown = realloc(pointers->words, pointers->room * sizeof(*grown));
		if (!grown) {
			pointers->out_of_memory = true;
			return;
		}
		pointers->words = grown;
	}
	pointers->words[pointers->count++] = word;
}

/* Adds what the resident pages of [from, to) may point at; *left bounds the work. */
static void search_span(struct memory_picture *picture, uint64_t from, uint64_t to,
			size_t *left, struct pointers *pointers)
{
	uint64_t words[RESIDENT_PAGE / sizeof(uint64_t)];

	for (uint64_t at = from; at<to && * left> 0 && !pointers->out_of_memory;
	     at += RESIDENT_PAGE) {
		size_t got;

		if (resident_bytes(&picture->pages, at, at + RESIDENT_PAGE) == 0)
			continue;
		got = live_blocks_read(picture->pid, at, words, sizeof(words));
		for (size_t i = 0; i < got / sizeof(*words) && !pointers->out_of_memory;
		     i++)
			add_pointer(pointers, words[i]);
		*left -= *left < RESIDENT_PAGE ? *left : RESIDENT_PAGE;
	}
}

static int by_word(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool points_into(const struct pointers *pointers, uint64_t from, uint64_t to)
{
	size_t low = 0, high = pointers->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pointers->words[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pointers->count && pointers->words[low] < to;
}

/* The allocator's data, .bss included: the areas that begin with its file's. */
static void search_allocator(struct memory_picture *picture, size_t *left,
			     struct pointers *pointers)
{
	const struct memory_map *map = &picture->map;
	bool inside = false;

	for (size_t i = 0; i < map->count; i++) {
		const struct memory_area *area = &map->areas[i];

		if (area->is_file)
			inside = strcmp(basename(area->path),
					picture->header->allocator) == 0;
		else if (i > 0 && map->areas[i - 1].to != area->from)
			inside = false;
		if (inside && area->is_writable)
			search_span(picture, area->from, area->to, left, pointers);
	}
}

/* One step: claims what is pointed at; was there anything? */
static bool claim_round(struct memory_picture *picture, const struct pointers *pointers)
{
	bool found = false;

	for (size_t i = 0; i < picture->space.count; i++) {
		struct space_span *span = &picture->space.spans[i];

		if (span->kind != SPACE_UNKNOWN ||
		    !points_into(pointers, span->from, span->to))
			continue;
		span->kind = SPACE_TABLES;
		found = true;
	}
	return found;
}

int picture_claim_pointed_at(struct memory_picture *picture)
{
	struct pointers pointers = { 0 };
	size_t left = LOOKED_AT_MAX;
	bool more = true;

	search_allocator(picture, &left, &pointers);
	for (unsigned i = 0; more && i < ROUNDS && !pointers.out_of_memory; i++) {
		if (pointers.count > 0)
			qsort(pointers.words, pointers.count, sizeof(*pointers.words),
			      by_word);
		more = claim_round(picture, &pointers);
		for (size_t s = 0; more && s < picture->space.count; s++)
			if (picture->space.spans[s].kind == SPACE_TABLES)
				search_span(picture, picture->space.spans[s].from,
					    picture->space.spans[s].to, &left, &pointers);
	}
	free(pointers.words);
	return pointers.out_of_memory ? -ENOMEM : 0;
}

#include "analyzer/resident/address_space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/text.h"
#include "analyzer/segment/segment_dir.h"

static enum space_kind kind_of(const struct memory_area *area)
{
	struct segment_name name;

	if (area->is_file && segment_name_parse(area->path, &name))
		return SPACE_PROFILER;
	if (text_begins(area->path, "[heap]"))
		return SPACE_HEAP;
	if (text_begins(area->path, "[stack"))
		return SPACE_STACK;
	if (area->is_shared &&
	    (text_begins(area->path, "/dev/shm/") || text_begins(area->path, "/memfd:") ||
	     text_begins(area->path, "/SYSV") || text_begins(area->path, "/dev/zero") ||
	     text_begins(area->path, "/run/") || text_begins(area->path, "[anon_shmem")))
		return SPACE_SHARED;
	if (area->is_file || text_begins(area->path, "[v"))
		return SPACE_FILE;
	return SPACE_UNKNOWN;
}

static int make_room(struct address_space *space)
{
	size_t room = space->room ? 2 * space->room : 64;
	struct space_span *grown;

	if (space->count + 2 <= space->room)
		return 0;
	grown = realloc(space->spans, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	space->spans = grown;
	space->room = room;
	return 0;
}

int address_space_init(struct address_space *space, const struct memory_map *map)
{
	memset(space, 0, sizeof(*space));
	for (size_t i = 0; i < map->count; i++) {
		const struct memory_area *area = &map->areas[i];

		if (make_room(space) < 0) {
			address_space_done(space);
			return -ENOMEM;
		}
		space->spans[space->count++] = (struct space_span){
			.from = area->from, .to = area->to, .kind = kind_of(area)
		};
	}
	return 0;
}

void address_space_done(struct address_space *space)
{
	free(space->spans);
	memset(space, 0, sizeof(*space));
}

/* The first span that ends above the address. */
static size_t above(const struct address_space *space, uint64_t address)
{
	size_t low = 0, high = space->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (space->spans[middle].to <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Cuts a span in two at an address inside of it. */
static int split(struct address_space *space, size_t i, uint64_t at)
{
	struct space_span *span;

	if (make_room(space) < 0)
		return -ENOMEM;
	span = &space->spans[i];
	memmove(span + 1, span, (space->count - i) * sizeof(*span));
	space->count++;
	span[0].to = at;
	span[1].from = at;
	return 0;
}

int address_space_claim(struct address_space *space, uint64_t from, uint64_t to,
			enum space_kind kind, uint32_t site)
{
	if (from >= to)
		return 0;
	for (size_t i = above(space, from); i < space->count && space->spans[i].from < to;
	     i++) {
		struct space_span *span = &space->spans[i];

		if (span->kind != SPACE_UNKNOWN)
			continue;
		if (span->from < from) { /* the part before stays unknown */
			if (split(space, i, from) < 0)
				return -ENOMEM;
			continue;
		}
		if (span->to > to && split(space, i, to) < 0)
			return -ENOMEM;
		space->spans[i].kind = kind;
		space->spans[i].site = site;
	}
	return 0;
}

struct space_span *address_space_at(struct address_space *space, uint64_t address)
{
	struct space_span *span = space->spans + space->at;

	if (space->at < space->count && span->from <= address && address < span->to)
		return span;
	space->at = above(space, address);
	span = space->spans + space->at;
	return space->at < space->count && span->from <= address ? span : NULL;
}

uint64_t address_space_resident(const struct address_space *space, enum space_kind kind,
				struct resident_pages *pages)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < space->count; i++)
		if (space->spans[i].kind == kind)
			bytes += resident_bytes(pages, space->spans[i].from,
						space->spans[i].to);
	return bytes;
}

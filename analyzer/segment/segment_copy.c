/*
 * segment_copy - a segment as a dump file
 *
 * Pages keep their numbers, so they are written where they belong in the
 * order of segment_reader.c: counters first, frees before allocations; then, by a
 * new map, all other pages; the map itself and the header last. A counters page
 * that the first step did not see is left out of the dump's map.
 */
#include "analyzer/segment/segment_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/machine/clock.h"
#include "analyzer/machine/heap_resident.h"
#include "analyzer/segment/counter_pages.h"
#include "analyzer/segment/segment_map.h"

struct copying {
	const struct target *target;
	const char *name; /* of the dump, for messages */
	int fd;
	bool *written; /* counters, by page number */
	uint32_t room;
	struct fault *fault;
};

static int write_at(struct copying *copying, const void *data, size_t bytes,
		    uint64_t offset)
{
	while (bytes > 0) {
		ssize_t done = pwrite(copying->fd, data, bytes, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return fault_set(copying->fault, FAULT_INPUT, -errno,
					 "cannot write %s: %s; nothing was changed",
					 copying->name, strerror(errno));
		data = (const char *)data + done;
		bytes -= (size_t)done;
		offset += (uint64_t)done;
	}
	return 0;
}

static int out_of_memory(struct copying *copying)
{
	return fault_set(copying->fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
			 copying->target->path);
}

static int copy_counters(void *arg, uint32_t number, const struct heapring_page *page,
			 const struct heapring_counter *counters)
{
	struct copying *copying = arg;

	if (number >= copying->room) {
		uint32_t room = number * 2 + 64;
		bool *grown = realloc(copying->written, room * sizeof(*grown));

		if (!grown)
			return out_of_memory(copying);
		memset(grown + copying->room, 0, room - copying->room);
		copying->written = grown;
		copying->room = room;
	}
	copying->written[number] = true;
	return write_at(copying, counters, HR_PAGE, (uint64_t)number * HR_PAGE);
}

static int copy_all_counters(struct copying *copying)
{
	const struct target *target = copying->target;
	struct segment_map map;
	int r = segment_map_load(target->fd, target->path, &map, copying->fault);

	if (r == 0) {
		r = counter_pages_each(&map, target_is_live(target), copy_counters,
				       copying, copying->fault);
		segment_map_done(&map);
	}
	return r;
}

/* The dump's own header: what it is, and how the process stood. */
static void finish_header(const struct target *target, struct heapring_header *header,
			  uint32_t pages)
{
	header->kind = 1;
	header->pages_used = pages;
	header->pages_max = pages;
	if (header->end_unix_ns == 0)
		header->end_unix_ns = clock_unix_ns();
	if (target_is_live(target))
		heap_resident_read((int)header->pid, header->private_table,
				   &header->resident_bytes);
	if (target->life == SEGMENT_KILLED)
		header->state = HR_STATE_SIGNALED;
	if (target->life == SEGMENT_EXECED)
		header->state = HR_STATE_EXECED;
}

static int copy_page(struct copying *copying, struct segment_map *map, uint32_t page)
{
	char buffer[HR_PAGE];
	int r;

	if (map->pages[page].type == HR_PAGE_COUNTERS) {
		if (page >= copying->room || !copying->written[page])
			map->pages[page] = (struct heapring_page){ 0 };
		return 0;
	}
	r = segment_map_read(map->fd, map->path, buffer, HR_PAGE,
			     (uint64_t)page * HR_PAGE, copying->fault);
	return r == 0 ? write_at(copying, buffer, HR_PAGE, (uint64_t)page * HR_PAGE) : r;
}

/* What `heapring pack` put behind the pages of a dump; *end: where it goes here. */
static int copy_symbols(struct copying *copying, struct segment_map *map, uint64_t *end)
{
	struct heapring_header *header = &map->header;
	uint64_t from = header->symbols_offset, left = header->symbols_bytes;
	char buffer[HR_PAGE];
	int r = 0;

	header->symbols_offset = *end;
	if (header->kind != 1)
		left = header->symbols_bytes = 0;
	while (r == 0 && left > 0) {
		size_t bytes = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);

		r = segment_map_read(map->fd, map->path, buffer, bytes, from,
				     copying->fault);
		if (r == 0)
			r = write_at(copying, buffer, bytes, *end);
		from += bytes;
		*end += bytes;
		left -= bytes;
	}
	return r;
}

/* The map, in whole pages, and the header on its page. */
static int write_map(struct copying *copying, struct segment_map *map, uint32_t pages)
{
	size_t bytes = ((size_t)map->header.map_pages + 1) * HR_PAGE;
	char *front = calloc(1, bytes);
	int r;

	if (!front)
		return out_of_memory(copying);
	finish_header(copying->target, &map->header, pages);
	memcpy(front, &map->header, sizeof(map->header));
	memcpy(front + HR_PAGE, map->pages, pages * sizeof(*map->pages));
	r = write_at(copying, front, bytes, 0);
	free(front);
	return r;
}

static int write_all(struct copying *copying, uint64_t *ret_bytes)
{
	const struct target *target = copying->target;
	struct segment_map map;
	uint32_t pages;
	int r = copy_all_counters(copying);

	if (r == 0)
		r = segment_map_load(target->fd, target->path, &map, copying->fault);
	if (r < 0)
		return r;
	pages = segment_map_used(&map);
	for (uint32_t page = map.header.map_pages + 1; r == 0 && page < pages; page++)
		r = copy_page(copying, &map, page);
	*ret_bytes = (uint64_t)pages * HR_PAGE;
	if (r == 0)
		r = copy_symbols(copying, &map, ret_bytes);
	if (r == 0)
		r = write_map(copying, &map, pages);
	segment_map_done(&map);
	if (r == 0 && ftruncate(copying->fd, (off_t)*ret_bytes) != 0)
		r = fault_set(copying->fault, FAULT_INPUT, -errno,
			      "cannot write %s: %s; nothing was changed", copying->name,
			      strerror(errno));
	return r;
}

static int write_file(struct copying *copying, const char *to, uint64_t *ret_bytes)
{
	struct fault *fault = copying->fault;
	char *path = NULL;
	int r;

	if (asprintf(&path, "%s.XXXXXX", to) < 0)
		return out_of_memory(copying);
	copying->fd = mkostemp(path, O_CLOEXEC);
	if (copying->fd < 0) {
		r = fault_set(fault, FAULT_INPUT, -errno, "cannot write %s: %s", to,
			      strerror(errno));
		free(path);
		return r;
	}
	r = write_all(copying, ret_bytes);
	if (close(copying->fd) != 0 && r == 0)
		r = fault_set(fault, FAULT_INPUT, -errno,
			      "cannot write %s: %s; nothing was changed", to,
			      strerror(errno));
	if (r == 0 && rename(path, to) != 0)
		r = fault_set(fault, FAULT_INPUT, -errno, "cannot write %s: %s", to,
			      strerror(errno));
	if (r < 0)
		unlink(path);
	free(path);
	return r;
}

int segment_copy(const struct target *target, const char *to, uint64_t *ret_bytes,
		 struct fault *fault)
{
	struct copying copying = { .target = target, .name = to, .fault = fault };
	/* past the limit on file sizes: an error to report, not a death */
	void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
	int r = write_file(&copying, to, ret_bytes);

	signal(SIGXFSZ, old);
	free(copying.written);
	return r;
}

int segment_copy_to(const struct target *target, int fd, const char *name,
		    uint64_t *ret_bytes, struct fault *fault)
{
	struct copying copying = {
		.target = target, .name = name, .fd = fd, .fault = fault
	};
	void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
	int r = write_all(&copying, ret_bytes);

	signal(SIGXFSZ, old);
	free(copying.written);
	return r;
}

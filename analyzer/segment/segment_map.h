/*
 * segment_map - which page of a segment or dump holds what
 *
 * The lowest reading layer: it knows the header and the page map, and nothing
 * of what the tables mean.
 *
 * Contract
 *   - everything is copied with pread: a file that changes or is cut while it
 *     is read gives an error, never a signal;
 *   - after a successful load no page is named twice, every named page lies
 *     inside the file, and `index` of any page is below 4 * (pages + 1), so an
 *     array sized by the highest index is bounded by the file's own size;
 *   - strings of the header are NUL-terminated;
 *   - memory used is 8 bytes for each page of the file, however sparse it is.
 */
#ifndef ANALYZER_SEGMENT_SEGMENT_MAP_H
#define ANALYZER_SEGMENT_SEGMENT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "analyzer/console/fault.h"

struct segment_map {
	int fd;           /* borrowed */
	const char *path; /* borrowed; for messages */
	struct heapring_header header;
	struct heapring_page *pages; /* entry i describes page i */
	uint32_t pages_count;
	uint32_t described; /* pages below this one all have their entry */
};

/* Called with the pages of one type in file order; non-zero ends the walk. */
typedef int segment_map_page_fn(void *arg, const struct heapring_page *page,
				const void *data);

/* Reads only page 0. -EAGAIN: a segment whose header is not written yet. */
int segment_map_header(int fd, const char *path, struct heapring_header *ret_header,
		       struct fault *fault);

/* Reads header and page map. The map needs segment_map_done() on success. */
int segment_map_load(int fd, const char *path, struct segment_map *ret_map,
		     struct fault *fault);
void segment_map_done(struct segment_map *map);

/*
 * Learns of the pages that a live process took since the map was loaded; entries
 * below *ret_from are what they were.
 */
int segment_map_refresh(struct segment_map *map, uint32_t *ret_from, struct fault *fault);

int segment_map_each(const struct segment_map *map, enum heapring_page_type type,
		     segment_map_page_fn *fn, void *arg, struct fault *fault);

/* One past the highest index of the pages of that type; 0 when there is none. */
uint32_t segment_map_span(const struct segment_map *map, enum heapring_page_type type);

/* The number of pages at the start of the file that hold anything. */
uint32_t segment_map_used(const struct segment_map *map);

/* Reads exactly that much or says how the file was cut short. */
int segment_map_read(int fd, const char *path, void *buffer, size_t bytes,
		     uint64_t offset, struct fault *fault);

#endif

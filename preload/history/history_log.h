/*
 * history_log - the history ring's bytes: slices and records in segment pages
 *
 * Contract
 *   - positions are those of segment.h; a level's pages are made as it first gets to
 *     them, and when no more can be had the level goes round in those it has;
 *   - nothing here waits or checks who is in charge: one thread at a time calls it
 *     (history.c), and its loads stay inside the level's pages whatever those
 *     hold;
 *   - a level is usable when it has at least LOG_PAGES_MIN pages.
 */
#ifndef PRELOAD_HISTORY_LOG_H
#define PRELOAD_HISTORY_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/segment.h>

#define LOG_PAGES_MIN 4u
#define LOG_BYTES_MIN (LOG_PAGES_MIN * HR_LEVELS * HR_PAGE)

struct log_record {
	uint32_t site;
	struct heapring_values by; /* since the slice before in which the site was */
};

/* Reserves the private index, once for all address spaces. False: no memory. */
bool log_reserve(uint64_t bytes);

/* A new ring of that many bytes in all, LOG_BYTES_MIN at least. */
void log_begin(struct heapring_level *levels, uint64_t bytes);

/* Where a header or record of at most so many bytes begins: never across pages. */
static inline uint64_t log_place(uint64_t pos, uint32_t bytes)
{
	return HR_PAGE - pos % HR_PAGE < bytes ? (pos / HR_PAGE + 1) * HR_PAGE : pos;
}

/* The bytes that a level has for its slices; 0: none. */
uint64_t log_capacity(uint32_t level);

/* What may be written at pos before the oldest slice is in the way. */
uint64_t log_room(uint32_t level, uint64_t pos);

/* The byte at pos, in a page that is made when needed; NULL: no more pages. Then
 * the capacity has become smaller. */
void *log_at(uint32_t level, uint64_t pos);

/* Puts a record at pos (or after it: log_place()); returns the position after it, 0
 * when there is no page. last_site: of the record before, 0 none. */
uint64_t log_put(uint32_t level, uint64_t pos, uint32_t last_site,
		 const struct log_record *record);

/* Gets what log_put() put; returns the position after it. */
uint64_t log_get(uint32_t level, uint64_t pos, uint32_t last_site,
		 struct log_record *ret_record);

/* Makes a slice from its header: the level's newest. at: where the header goes. */
bool log_commit(uint32_t level, uint64_t at, const struct heapring_slice *slice);

/* The slice at pos of a level, or NULL: none, or no slice. */
const struct heapring_slice *log_slice(uint32_t level, uint64_t *pos);

/* Takes the oldest slices away, up to a position (H6). */
void log_drop(uint32_t level, uint64_t up_to);

#endif

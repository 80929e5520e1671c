/*
 * history_log - the history ring's bytes: slices and records in segment pages
 *
 * Page n of level l is entry n * HR_LEVELS + l of one index, so that every level's
 * pages can come one by one. All levels are of one size: the four together reach
 * back in geometric steps, and a merge of slices into the next level fits
 * whenever its parts fit into half of it.
 */
#include "preload/history/history_log.h"

#include <string.h>

#include "preload/platform/os_linux.h"
#include "preload/segment/segment_writer.h"

static struct heapring_level *levels;
static void **pages; /* of all levels, see above */
static uint64_t pages_each;

bool log_reserve(uint64_t bytes)
{
	pages = os_reserve(bytes / HR_PAGE * sizeof *pages, true);
	return pages != NULL;
}

void log_begin(struct heapring_level *in_segment, uint64_t bytes)
{
	levels = in_segment;
	pages_each = bytes / HR_PAGE / HR_LEVELS;
	for (uint32_t i = 0; i < HR_LEVELS; i++)
		levels[i].pages = pages_each;
}

uint64_t log_capacity(uint32_t level)
{
	return levels[level].pages < LOG_PAGES_MIN ? 0 : levels[level].pages * HR_PAGE;
}

uint64_t log_room(uint32_t level, uint64_t pos)
{
	uint64_t end = levels[level].tail + log_capacity(level);

	return pos < end ? end - pos : 0;
}

void *log_at(uint32_t level, uint64_t pos)
{
	struct heapring_level *l = &levels[level];
	uint64_t number;
	char *page;

	if (l->pages == 0)
		return NULL;
	number = pos / HR_PAGE % l->pages;
	page = segment_table_page(pages, (uint32_t)(number * HR_LEVELS + level),
				  HR_PAGE_LOG);
	if (page == NULL) {
		/* first time round: what lies before stays where it is */
		l->pages = number;
		return NULL;
	}
	return page + pos % HR_PAGE;
}

static char *put_number(char *to, uint64_t n)
{
	for (; n >= 128; n >>= 7)
		*to++ = (char)(n | 128);
	*to++ = (char)n;
	return to;
}

/* At most ten bytes, so a record's five never leave HR_RECORD_MAX + 2 bytes. */
static const char *get_number(const char *from, uint64_t *ret)
{
	uint64_t n = 0;

	for (uint32_t shift = 0; shift < 64; shift += 7) {
		n |= (uint64_t)(*from & 127) << shift;
		if ((*from++ & 128) == 0)
			break;
	}
	*ret = n;
	return from;
}

uint64_t log_put(uint32_t level, uint64_t pos, uint32_t last_site,
		 const struct log_record *record)
{
	uint64_t at = log_place(pos, HR_RECORD_MAX);
	char *start = log_at(level, at);
	char *to = start;

	if (start == NULL)
		return 0;
	to = put_number(to, record->site - last_site);
	to = put_number(to, record->by.allocs);
	to = put_number(to, record->by.alloc_bytes);
	to = put_number(to, record->by.frees);
	to = put_number(to, record->by.free_bytes);
	return at + (uint64_t)(to - start);
}

uint64_t log_get(uint32_t level, uint64_t pos, uint32_t last_site,
		 struct log_record *ret_record)
{
	uint64_t at = log_place(pos, HR_RECORD_MAX);
	const char *start = log_at(level, at);
	char copy[64] = { 0 };
	const char *from = copy;
	uint64_t site;

	*ret_record = (struct log_record){ 0 };
	if (start == NULL)
		return UINT64_MAX;
	memcpy(copy, start, HR_RECORD_MAX);
	from = get_number(from, &site);
	from = get_number(from, &ret_record->by.allocs);
	from = get_number(from, &ret_record->by.alloc_bytes);
	from = get_number(from, &ret_record->by.frees);
	from = get_number(from, &ret_record->by.free_bytes);
	ret_record->site = last_site + (uint32_t)site;
	return at + (uint64_t)(from - copy);
}

bool log_commit(uint32_t level, uint64_t at, const struct heapring_slice *slice)
{
	void *to = log_at(level, at);

	if (to == NULL)
		return false;
	memcpy(to, slice, sizeof *slice);
	__atomic_store_n(&levels[level].head, at + slice->bytes,
			 __ATOMIC_RELEASE); /* H6 */
	return true;
}

const struct heapring_slice *log_slice(uint32_t level, uint64_t *pos)
{
	const struct heapring_slice *slice;
	uint64_t at = log_place(*pos, HR_SLICE_BYTES);

	if (at + HR_SLICE_BYTES > levels[level].head)
		return NULL;
	slice = log_at(level, at);
	if (slice == NULL || slice->magic != HR_SLICE_MAGIC ||
	    slice->bytes < HR_SLICE_BYTES || slice->bytes > levels[level].head - at)
		return NULL;
	*pos = at;
	return slice;
}

void log_drop(uint32_t level, uint64_t up_to)
{
	/* H6: acquire too, so that no byte is written over before readers can see it */
	__atomic_exchange_n(&levels[level].tail, up_to, __ATOMIC_ACQ_REL);
}

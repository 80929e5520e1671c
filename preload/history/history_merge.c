/*
 * history_merge - makes room in a level of the history ring by merging its oldest slices
 *
 * Parts are in order of site, so a merged slice is written in one pass over them. It
 * never takes more bytes than its parts: a sum is no longer than its terms, and a
 * gap between sites no wider than in the part that it came from.
 */
#include "preload/history/history_merge.h"

#include <stddef.h>

static void advance(struct merge *m, struct merge_part *part)
{
	uint64_t pos;

	part->done = part->records == 0;
	if (part->done)
		return;
	pos = log_get(m->level, part->pos, part->next.site, &part->next);
	part->records--;
	/* only damage makes a slice longer than it says */
	part->done = pos > m->parts_end;
	part->pos = pos;
}

/* Collects the oldest slices of a level, as far as they fit and belong together. */
static uint64_t choose_parts(struct merge *m, uint64_t most, uint64_t gap_ns,
			     const struct heapring_level *l)
{
	uint64_t pos = l->tail, bytes = 0;
	const struct heapring_slice *slice;

	m->count = 0;
	m->parts_end = l->tail;
	while (m->count < MERGE_PARTS && (slice = log_slice(m->level, &pos)) != NULL &&
	       bytes + slice->bytes <= most && slice->records > 0) {
		if (m->count == 0)
			m->slice = (struct heapring_slice){ .magic = HR_SLICE_MAGIC,
							    .first = slice->first,
							    .start_ns = slice->start_ns };
		else if (slice->start_ns > m->slice.end_ns + gap_ns)
			break;
		m->slice.last = slice->last;
		m->slice.end_ns = slice->end_ns;
		m->slice.sweep_ns = slice->sweep_ns;
		m->slice.partial = slice->partial;
		m->part[m->count++] = (struct merge_part){ .pos = pos + HR_SLICE_BYTES,
							   .records = slice->records };
		bytes += slice->bytes;
		m->parts_end = pos += slice->bytes;
	}
	return bytes;
}

static void drop_oldest(uint32_t level, const struct heapring_level *l)
{
	uint64_t pos = l->tail;
	const struct heapring_slice *slice = log_slice(level, &pos);

	/* no slice where one should be: damage; begin again after it */
	log_drop(level, slice == NULL ? l->head : pos + slice->bytes);
}

void merge_begin(struct merge *m, struct heapring_level *levels, uint32_t level,
		 uint64_t gap_ns)
{
	uint32_t to = level + 1;
	uint64_t bytes = 0;

	m->level = level;
	m->count = 0;
	if (to < HR_LEVELS)
		bytes = choose_parts(m, log_capacity(to) / 2, gap_ns, &levels[level]);
	if (m->count == 0) {
		drop_oldest(level, &levels[level]);
		return;
	}
	/* page ends take a 64th more */
	if (log_room(to, levels[to].head) < bytes + bytes / 64 + 2ull * HR_SLICE_BYTES) {
		merge_begin(m, levels, to, gap_ns * MERGE_PARTS);
		return;
	}
	m->at = log_place(levels[to].head, HR_SLICE_BYTES);
	m->pos = m->at + HR_SLICE_BYTES;
	m->last_site = 0;
	for (uint32_t i = 0; i < m->count; i++)
		advance(m, &m->part[i]);
}

/* The smallest site that is next in any part, and the sum over the parts that have it. */
static bool next_sum(struct merge *m, struct log_record *ret_sum)
{
	uint32_t site = UINT32_MAX;

	for (uint32_t i = 0; i < m->count; i++)
		if (!m->part[i].done && m->part[i].next.site < site)
			site = m->part[i].next.site;
	*ret_sum = (struct log_record){ .site = site };
	for (uint32_t i = 0; i < m->count; i++) {
		struct merge_part *part = &m->part[i];

		if (part->done || part->next.site != site)
			continue;
		ret_sum->by.allocs += part->next.by.allocs;
		ret_sum->by.alloc_bytes += part->next.by.alloc_bytes;
		ret_sum->by.frees += part->next.by.frees;
		ret_sum->by.free_bytes += part->next.by.free_bytes;
		advance(m, part);
	}
	return site != UINT32_MAX;
}

bool merge_step(struct merge *m, uint32_t records)
{
	struct log_record sum;
	uint64_t pos;

	for (; records > 0; records--) {
		if (!next_sum(m, &sum))
			return false;
		pos = log_put(m->level + 1, m->pos, m->last_site, &sum);
		if (pos == 0) {
			/* no page: the level is smaller than it seemed, choose again */
			m->count = 0;
			return false;
		}
		m->pos = pos;
		m->last_site = sum.site;
		m->slice.records++;
	}
	return true;
}

void merge_end(struct merge *m)
{
	m->slice.bytes = m->pos - m->at;
	if (m->count > 0 && log_commit(m->level + 1, m->at, &m->slice))
		log_drop(m->level, m->parts_end);
	m->count = 0;
}

void merge_abandon(const struct merge *m)
{
	struct heapring_slice filler = { .magic = HR_SLICE_MAGIC };

	filler.bytes = (m->pos / HR_PAGE + 2) * HR_PAGE - m->at;
	log_commit(m->level + 1, m->at, &filler);
}

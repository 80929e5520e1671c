/*
 * history_ring - the history ring of a segment, copied and checked
 *
 * Slices are found from the tail of each level on, and then taken from the newest to
 * the oldest, as long as their numbers follow one another and their records are
 * sound. What a record says was not in the values yet when those were read is
 * added to them, so that afterwards all records are.
 */
#include "analyzer/profile/history_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/history_pages.h"

/* A slice of the log before its records were read. */
struct found {
	struct heapring_slice slice;
	uint64_t pos; /* of its first record */
	uint64_t end;
	uint32_t level;
};

struct decoding {
	const struct history_pages *pages;
	struct history_ring *ring;
	struct found *found; /* oldest first within a level, oldest level first */
	size_t found_count, found_room;
	size_t changes_room;
};

static uint64_t place(uint64_t pos, uint32_t bytes)
{
	return HR_PAGE - pos % HR_PAGE < bytes ? (pos / HR_PAGE + 1) * HR_PAGE : pos;
}

static int keep_found(struct decoding *d, const struct found *found)
{
	if (d->found_count == d->found_room) {
		size_t room = d->found_room ? d->found_room * 2 : 256;
		struct found *grown = realloc(d->found, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		d->found = grown;
		d->found_room = room;
	}
	d->found[d->found_count++] = *found;
	return 0;
}

/* A slice needs 64 bytes at least, so a level cannot make more than it has room for. */
static int find_slices(struct decoding *d, uint32_t level)
{
	const struct heapring_level *l = &d->pages->state.level[level];
	uint64_t capacity = (uint64_t)d->pages->log_pages * HR_PAGE;
	uint64_t pos = l->tail;
	int r = 0;

	if (l->head < l->tail || l->head - l->tail > capacity + 2ull * HR_PAGE) {
		d->ring->damaged = true;
		return 0;
	}
	while (r == 0 && pos < l->head) {
		struct found found = { .level = level };
		const char *header;

		pos = place(pos, HR_SLICE_BYTES);
		header = history_pages_at(d->pages, level, pos, HR_SLICE_BYTES);
		if (header)
			memcpy(&found.slice, header, sizeof(found.slice));
		if (found.slice.magic != HR_SLICE_MAGIC ||
		    found.slice.bytes < HR_SLICE_BYTES || pos > l->head ||
		    found.slice.bytes > l->head - pos) {
			d->ring->damaged = true;
			return 0;
		}
		found.pos = pos + HR_SLICE_BYTES;
		found.end = pos += found.slice.bytes;
		if (found.slice.records > 0)
			r = keep_found(d, &found);
	}
	return r;
}

static bool get_number(const char **at, const char *end, uint64_t *ret)
{
	uint64_t n = 0;

	for (uint32_t shift = 0; *at < end && shift < 64; shift += 7) {
		unsigned char byte = (unsigned char)*(*at)++;

		n |= (uint64_t)(byte & 127) << shift;
		if (byte < 128) {
			*ret = n;
			return true;
		}
	}
	return false;
}

/* The record at *pos, which moves behind it. False: there is none that could be. */
static bool get_record(const struct history_pages *pages, uint32_t level, uint64_t *pos,
		       uint32_t last_site, struct ring_change *ret)
{
	uint64_t begin = place(*pos, HR_RECORD_MAX), site;
	const char *from = history_pages_at(pages, level, begin, HR_RECORD_MAX);
	const char *at = from;
	const char *end = from ? from + HR_RECORD_MAX : NULL;

	if (!from || !get_number(&at, end, &site) ||
	    !get_number(&at, end, &ret->by.allocs) ||
	    !get_number(&at, end, &ret->by.alloc_bytes) ||
	    !get_number(&at, end, &ret->by.frees) ||
	    !get_number(&at, end, &ret->by.free_bytes))
		return false;
	if (site == 0 || site > HR_SITE_MAX || last_site + site > HR_SITE_MAX)
		return false;
	ret->site = last_site + (uint32_t)site;
	*pos = begin + (uint64_t)(at - from);
	return true;
}

static int keep_change(struct decoding *d, const struct ring_change *change)
{
	struct history_ring *ring = d->ring;

	if (ring->changes_count == d->changes_room) {
		size_t room = d->changes_room ? d->changes_room * 2 : 4096;
		struct ring_change *grown = realloc(ring->changes, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		ring->changes = grown;
		d->changes_room = room;
	}
	ring->changes[ring->changes_count++] = *change;
	return 0;
}

/* A record of level 0 that its site's values do not include yet: now they do. */
static void include(struct decoding *d, const struct ring_change *change, uint64_t end)
{
	uint32_t page = change->site / HR_VALUES_PER_PAGE;
	struct heapring_values *values;

	if (page >= d->pages->values_pages || end <= d->pages->included[page])
		return;
	values = &d->ring->values[change->site];
	values->allocs += change->by.allocs;
	values->alloc_bytes += change->by.alloc_bytes;
	values->frees += change->by.frees;
	values->free_bytes += change->by.free_bytes;
}

/*
 * Keeps the records in [pos, end), exactly `records` of them if that is not UINT32_MAX.
 * -EINVAL: they are damaged, and none is kept.
 */
static int get_records(struct decoding *d, uint32_t level, uint64_t pos, uint64_t end,
		       uint32_t records, uint32_t slice)
{
	size_t before = d->ring->changes_count;
	struct ring_change change = { .slice = slice };
	uint32_t last = 0, n = 0;
	int r = 0;

	while (r == 0 && n < records && (records != UINT32_MAX || pos < end)) {
		if (!get_record(d->pages, level, &pos, last, &change) || pos > end) {
			d->ring->changes_count = before;
			return -EINVAL;
		}
		last = change.site;
		n++;
		r = keep_change(d, &change);
		if (r == 0 && level == 0)
			include(d, &change, pos);
	}
	return r;
}

/* What was written after the newest slice. */
static int get_open(struct decoding *d)
{
	uint64_t head = d->pages->state.level[0].head, end = d->pages->valid_end;
	uint64_t pos = place(head, HR_SLICE_BYTES) + HR_SLICE_BYTES;
	int r;

	if (end <= pos)
		return 0;
	r = end - pos > (uint64_t)d->pages->log_pages * HR_PAGE
		    ? -EINVAL
		    : get_records(d, 0, pos, end, UINT32_MAX, UINT32_MAX);
	if (r == -EINVAL) {
		d->ring->damaged = true;
		r = -ENODATA;
	}
	return r;
}

/*
 * A merged slice and its parts may both be there: of a level only slices count that
 * are newer than the newest of the levels above it.
 */
static void drop_merged(struct decoding *d)
{
	uint64_t merged[HR_LEVELS + 1] = {
		0
	}; /* one past the newest number at or above */
	size_t kept = 0;

	for (uint32_t level = HR_LEVELS; level-- > 0;) {
		merged[level] = merged[level + 1];
		for (size_t i = 0; i < d->found_count; i++)
			if (d->found[i].level == level &&
			    d->found[i].slice.last >= merged[level])
				merged[level] = d->found[i].slice.last + 1;
	}
	for (size_t i = 0; i < d->found_count; i++)
		if (d->found[i].slice.first >= merged[d->found[i].level + 1])
			d->found[kept++] = d->found[i];
	d->found_count = kept;
}

static bool follows(const struct heapring_slice *slice, const struct found *next)
{
	return slice->first <= slice->last && slice->start_ns <= slice->end_ns &&
	       (!next || (slice->last + 1 == next->slice.first &&
			  slice->end_ns <= next->slice.start_ns));
}

/* From the newest slice down; slice numbers count from there until all are known. */
static int get_slices(struct decoding *d)
{
	struct history_ring *ring = d->ring;
	const struct found *next = NULL;
	size_t taken = 0;
	int r = 0;

	ring->slices = calloc(d->found_count + 1, sizeof(*ring->slices));
	if (!ring->slices)
		return -ENOMEM;
	for (size_t i = d->found_count; i-- > 0;) {
		const struct found *found = &d->found[i];

		if (!follows(&found->slice, next)) {
			ring->damaged = true;
			break;
		}
		r = get_records(d, found->level, found->pos, found->end,
				found->slice.records, (uint32_t)taken);
		if (r == -EINVAL)
			ring->damaged = true;
		if (r < 0)
			break;
		ring->slices[taken++] =
			(struct ring_slice){ .first = found->slice.first,
					     .start_ns = found->slice.start_ns,
					     .end_ns = found->slice.end_ns,
					     .sweep_ns = found->slice.sweep_ns,
					     .partial = found->slice.partial != 0 };
		next = found;
	}
	ring->slices_count = taken;
	return r == -EINVAL ? 0 : r;
}

/* Turns "so many from the newest" into indices from the oldest. */
static void number_slices(struct history_ring *ring)
{
	for (size_t i = 0; i < ring->slices_count / 2; i++) {
		struct ring_slice other = ring->slices[ring->slices_count - 1 - i];

		ring->slices[ring->slices_count - 1 - i] = ring->slices[i];
		ring->slices[i] = other;
	}
	for (size_t i = 0; i < ring->changes_count; i++) {
		struct ring_change *change = &ring->changes[i];

		change->slice =
			change->slice == UINT32_MAX
				? (uint32_t)ring->slices_count
				: (uint32_t)ring->slices_count - 1 - change->slice;
	}
}

static int decode(struct decoding *d)
{
	int r = get_open(d);

	for (uint32_t level = HR_LEVELS; r == 0 && level-- > 0;)
		r = find_slices(d, level);
	drop_merged(d);
	if (r == 0)
		r = get_slices(d);
	number_slices(d->ring);
	return r == -ENODATA ? 0 : r;
}

/* Two threads that set a name for the first time at once made two marks of it. */
static void keep_mark(struct history_ring *ring, const struct heapring_mark *from)
{
	struct heapring_mark *mark = ring->marks, copy = *from;

	copy.name[HR_MARK_NAME - 1] = '\0';
	while (mark < ring->marks + ring->marks_count &&
	       strcmp(mark->name, copy.name) != 0)
		mark++;
	if (mark == ring->marks + ring->marks_count) {
		ring->marks[ring->marks_count++] = copy;
		return;
	}
	mark->count += copy.count;
	if (copy.first_ns < mark->first_ns)
		mark->first_ns = copy.first_ns;
	if (copy.last_ns > mark->last_ns)
		mark->last_ns = copy.last_ns;
}

static int keep_marks(struct history_ring *ring, const struct history_pages *pages)
{
	ring->marks = calloc(HR_MARKS_PER_PAGE, sizeof(*ring->marks));
	if (!ring->marks)
		return -ENOMEM;
	for (unsigned i = 0; i < HR_MARKS_PER_PAGE; i++)
		if (pages->marks[i].ready && pages->marks[i].count > 0)
			keep_mark(ring, &pages->marks[i]);
	return 0;
}

static int make(struct history_pages *pages, struct history_ring *ring)
{
	struct decoding decoding = { .pages = pages, .ring = ring };
	int r;

	ring->values = pages->values;
	ring->values_count = pages->values_pages * HR_VALUES_PER_PAGE;
	pages->values = NULL;
	ring->stopped = pages->state.stopped != 0;
	ring->open_ns = pages->has_state ? pages->state.start_ns : 0;
	r = keep_marks(ring, pages);
	if (r == 0 && pages->has_state)
		r = decode(&decoding);
	free(decoding.found);
	return r;
}

int history_ring_read(const struct target *target, struct history_ring **ret_ring,
		      struct fault *fault)
{
	struct history_ring *ring = calloc(1, sizeof(*ring));
	struct history_pages pages;
	int r;

	if (!ring)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				 target->path);
	r = history_pages_read(target, &pages, fault);
	if (r < 0) {
		free(ring);
		return r;
	}
	r = make(&pages, ring);
	history_pages_done(&pages);
	if (r < 0) {
		history_ring_free(ring);
		return fault_set(fault, FAULT_INPUT, r, "out of memory for %s",
				 target->path);
	}
	*ret_ring = ring;
	return 0;
}

bool history_ring_pauses(const struct history_ring *ring, size_t slice)
{
	uint64_t next = slice + 1 < ring->slices_count ? ring->slices[slice + 1].start_ns
						       : ring->open_ns;

	return next > ring->slices[slice].end_ns;
}

void history_ring_free(struct history_ring *ring)
{
	if (!ring)
		return;
	free(ring->slices);
	free(ring->changes);
	free(ring->values);
	free(ring->marks);
	free(ring);
}

/*
 * history - how a process's figures moved: the history ring, decoded
 *
 * Changes are those of the ring with stacks and points instead of sites and slices,
 * ordered by stack and point. A series is made from its end, the counters, by
 * taking away one change after the other. Sampled sites count objects in
 * 1/HR_OBJECT_UNIT and are kept apart until the end, so that nothing is rounded
 * twice; frees are counted instead of what lives, because both then only grow.
 */
#include "analyzer/profile/history.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/machine/clock.h"
#include "analyzer/profile/history_ring.h"

#define LONGEST_S                                                                        \
	9e9 /* 285 years: more is damage, and would not fit into nanoseconds             \
	     */

struct change {
	uint32_t point; /* the figures changed between the point before and this one */
	bool sampled;
	struct heapring_values by;
};

/* What a stack has counted: of its exact sites, and objects of sampled ones. */
struct counted {
	struct heapring_values exact; /* bytes of sampled sites too */
	uint64_t sampled_allocs, sampled_frees;
};

struct history_changes {
	struct change *change;
	size_t *first; /* by stack, and one more: where its changes begin */
	struct counted *now;
	size_t stacks;
};

struct making {
	const struct profile *profile;
	const struct site_sums *sums;
	const struct history_ring *ring;
	struct history *history;
	uint32_t *stack_of; /* by site; UINT32_MAX none */
	size_t *point_of;   /* by slice, and of what came after */
	uint64_t start_ns;
};

static int map_sites(struct making *m)
{
	const struct profile *profile = m->profile;

	m->stack_of = malloc((m->sums->count + 1) * sizeof(*m->stack_of));
	if (!m->stack_of)
		return -ENOMEM;
	for (uint32_t site = 0; site < m->sums->count; site++) {
		size_t at = profile_stack_of(profile,
					     profile_node_of(profile->segment, site));

		/* a stack may do both; the profile is of one kind */
		bool wanted = site_is_mapping(profile->segment, site) ==
			      profile->wants.mappings;

		m->stack_of[site] =
			wanted && m->sums->sums[site].allocs && at < profile->stacks_count
				? (uint32_t)at
				: UINT32_MAX;
	}
	return 0;
}

static double seconds(const struct making *m, uint64_t mono_ns)
{
	double s = mono_ns > m->start_ns ? (double)(mono_ns - m->start_ns) / 1e9 : 0;

	return fmin(s, LONGEST_S);
}

/* When the counters were what they are, at most. */
static double end_of(const struct making *m)
{
	const struct heapring_header *header = &m->profile->segment->header;
	double end = seconds(m, header->active_ns);

	if (header->kind == 1 || m->profile->life == SEGMENT_EXITED ||
	    m->profile->life == SEGMENT_EXECED) {
		if (header->end_unix_ns > header->start_unix_ns)
			return fmax(end, (double)(header->end_unix_ns -
						  header->start_unix_ns) /
						 1e9);
	} else if (m->profile->life == SEGMENT_LIVE) {
		return fmax(end, seconds(m, clock_ns()));
	}
	return end;
}

static size_t add_point(struct history *history, double at_s, double sweep_s)
{
	size_t i = history->count;

	if (i > 0)
		at_s = fmax(at_s, history->at[i - 1]);
	history->at[i] = at_s;
	history->sweep_s[i] = sweep_s;
	return history->count++;
}

/* Sites that a partial slice did not look at are a slice behind. */
static double uncertainty(const struct ring_slice *slice)
{
	uint64_t ns = slice->sweep_ns;

	if (slice->partial && slice->end_ns - slice->start_ns > ns)
		ns = slice->end_ns - slice->start_ns;
	return (double)ns / 1e9;
}

static int make_points(struct making *m)
{
	const struct heapring_header *header = &m->profile->segment->header;
	const struct history_ring *ring = m->ring;
	struct history *history = m->history;
	size_t room = 2 * ring->slices_count + 4;
	double end = end_of(m), active = seconds(m, header->active_ns);

	history->at = calloc(room, sizeof(*history->at));
	history->sweep_s = calloc(room, sizeof(*history->sweep_s));
	history->unix_ns = calloc(room, sizeof(*history->unix_ns));
	history->has_next = calloc(room, sizeof(*history->has_next));
	m->point_of = calloc(room, sizeof(*m->point_of));
	if (!history->at || !history->sweep_s || !history->unix_ns ||
	    !history->has_next || !m->point_of)
		return -ENOMEM;
	history->from_start = ring->slices_count == 0 || ring->slices[0].first == 0;
	if (history->from_start)
		add_point(history, 0, 0);
	for (size_t i = 0; i < ring->slices_count; i++) {
		double from = seconds(m, ring->slices[i].start_ns);

		/* after a pause; or the first one that the ring has */
		if (history->count == 0 || from > history->at[history->count - 1] + 1e-3)
			add_point(history, from, 0);
		m->point_of[i] = add_point(history, seconds(m, ring->slices[i].end_ns),
					   uncertainty(&ring->slices[i]));
		history->has_next[m->point_of[i]] = history_ring_pauses(ring, i);
		if (i + 1 < ring->slices_count &&
		    ring->slices[i + 1].first > ring->slices[i].first + 1)
			history->coarse_s = history->at[m->point_of[i]];
	}
	if (!history->from_start)
		history->coarse_s = fmax(history->coarse_s, history->at[0]);
	/* nothing happened after the last event */
	m->point_of[ring->slices_count] =
		add_point(history, end - active > history->interval_s ? active : end, 0);
	if (end > history->at[history->count - 1])
		add_point(history, end, 0);
	for (size_t i = 0; i < history->count; i++)
		history->unix_ns[i] =
			header->start_unix_ns + (uint64_t)(history->at[i] * 1e9);
	return 0;
}

static void count(struct counted *to, const struct heapring_values *by, bool sampled,
		  bool add)
{
	uint64_t sign = add ? 1 : UINT64_MAX; /* wraps: times -1 */

	to->exact.alloc_bytes += sign * by->alloc_bytes;
	to->exact.free_bytes += sign * by->free_bytes;
	*(sampled ? &to->sampled_allocs : &to->exact.allocs) += sign * by->allocs;
	*(sampled ? &to->sampled_frees : &to->exact.frees) += sign * by->frees;
}

static struct heapring_values counters_of(const struct making *m, uint32_t site)
{
	const struct site_sum *sum = &m->sums->sums[site];

	return (struct heapring_values){ sum->allocs, sum->alloc_bytes,
					 sum->allocs - (uint64_t)sum->live,
					 sum->alloc_bytes - (uint64_t)sum->live_bytes };
}

/* What a site did after its newest record. */
static bool tail_of(const struct making *m, uint32_t site, struct heapring_values *ret)
{
	static const struct heapring_values none;
	struct heapring_values now = counters_of(m, site);
	const struct heapring_values *then =
		site < m->ring->values_count ? &m->ring->values[site] : &none;

	*ret = (struct heapring_values){ now.allocs - then->allocs,
					 now.alloc_bytes - then->alloc_bytes,
					 now.frees - then->frees,
					 now.free_bytes - then->free_bytes };
	return ret->allocs || ret->alloc_bytes || ret->frees || ret->free_bytes;
}

static size_t stack_at(const struct making *m, uint32_t site)
{
	return site < m->sums->count ? m->stack_of[site] : UINT32_MAX;
}

/* How many changes each stack has, then where they begin. */
static int make_room(struct making *m, struct history_changes *changes)
{
	struct heapring_values tail;
	size_t all = 0;

	changes->stacks = m->profile->stacks_count;
	changes->first = calloc(changes->stacks + 2, sizeof(*changes->first));
	changes->now = calloc(changes->stacks + 1, sizeof(*changes->now));
	if (!changes->first || !changes->now)
		return -ENOMEM;
	for (size_t i = 0; i < m->ring->changes_count; i++) {
		size_t stack = stack_at(m, m->ring->changes[i].site);

		if (stack != UINT32_MAX)
			changes->first[stack + 2]++;
	}
	for (uint32_t site = 0; site < m->sums->count; site++)
		if (m->stack_of[site] != UINT32_MAX && tail_of(m, site, &tail))
			changes->first[m->stack_of[site] + 2]++;
	for (size_t i = 0; i <= changes->stacks + 1; i++)
		all = changes->first[i] += i > 0 ? changes->first[i - 1] : 0;
	changes->change = malloc((all + 1) * sizeof(*changes->change));
	return changes->change ? 0 : -ENOMEM;
}

static void put_change(const struct making *m, struct history_changes *changes,
		       uint32_t site, size_t point, const struct heapring_values *by)
{
	size_t stack = stack_at(m, site);
	bool sampled = site_is_sampled(m->profile->segment, site);

	if (stack != UINT32_MAX)
		changes->change[changes->first[stack + 1]++] =
			(struct change){ (uint32_t)point, sampled, *by };
}

/*
 * first[stack + 1] is where the next change of that stack goes, and in the end where
 * the next stack's begin. The ring gives slices newest first, and so come each
 * stack's changes: what is after the newest record first of all.
 */
static int make_changes(struct making *m)
{
	struct history_changes *changes = m->history->changes;
	const struct history_ring *ring = m->ring;
	struct heapring_values tail;
	int r = make_room(m, changes);

	if (r < 0)
		return r;
	for (uint32_t site = 0; site < m->sums->count; site++) {
		struct heapring_values now = counters_of(m, site);

		if (m->stack_of[site] == UINT32_MAX)
			continue;
		count(&changes->now[m->stack_of[site]], &now,
		      site_is_sampled(m->profile->segment, site), true);
		if (tail_of(m, site, &tail))
			put_change(m, changes, site, m->point_of[ring->slices_count],
				   &tail);
	}
	for (size_t i = 0; i < ring->changes_count; i++)
		put_change(m, changes, ring->changes[i].site,
			   m->point_of[ring->changes[i].slice], &ring->changes[i].by);
	return 0;
}

static uint64_t objects(uint64_t exact, uint64_t sampled)
{
	return exact + (sampled + HR_OBJECT_UNIT / 2) / HR_OBJECT_UNIT;
}

/* Hostile figures aside, frees never pass allocations (S3). */
static uint64_t difference(uint64_t allocated, uint64_t freed)
{
	return (int64_t)(allocated - freed) > 0 ? allocated - freed : 0;
}

static void figures(const struct counted *counted, uint64_t value[PROFILE_SAMPLES])
{
	const struct heapring_values *exact = &counted->exact;

	value[PROFILE_INUSE_SPACE] = difference(exact->alloc_bytes, exact->free_bytes);
	value[PROFILE_INUSE_OBJECTS] =
		objects(difference(exact->allocs, exact->frees),
			difference(counted->sampled_allocs, counted->sampled_frees));
	value[PROFILE_ALLOC_SPACE] = exact->alloc_bytes;
	value[PROFILE_ALLOC_OBJECTS] = objects(exact->allocs, counted->sampled_allocs);
}

/* Goes back from the newest point; changes of a stack lie newest first. */
void history_stack(const struct history *history, size_t stack,
		   uint64_t *const value[PROFILE_SAMPLES])
{
	const struct history_changes *changes = history->changes;
	struct counted counted = changes->now[stack];
	size_t at = changes->first[stack], end = changes->first[stack + 1];
	uint64_t now[PROFILE_SAMPLES];
	bool changed = true;

	for (size_t point = history->count; point-- > 0;) {
		for (; at < end && changes->change[at].point > point; at++) {
			count(&counted, &changes->change[at].by,
			      changes->change[at].sampled, false);
			changed = true;
		}
		if (changed)
			figures(&counted, now);
		changed = false;
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			if (value[s])
				value[s][point] = now[s];
	}
}

void history_stack_at(const struct history *history, size_t stack, size_t point,
		      uint64_t value[PROFILE_SAMPLES])
{
	const struct history_changes *changes = history->changes;
	struct counted counted = changes->now[stack];

	for (size_t at = changes->first[stack];
	     at < changes->first[stack + 1] && changes->change[at].point > point; at++)
		count(&counted, &changes->change[at].by, changes->change[at].sampled,
		      false);
	figures(&counted, value);
}

size_t history_stack_changes(const struct history *history, size_t stack)
{
	return history->changes->first[stack + 1] - history->changes->first[stack];
}

/*
 * One pass: every stack's figures are added to the totals where they change, as the
 * difference to the point after, and these are summed up from the end.
 */
static int make_totals(struct history *history)
{
	const struct history_changes *changes = history->changes;
	uint64_t before[PROFILE_SAMPLES], after[PROFILE_SAMPLES];

	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		history->total[s] = calloc(history->count, sizeof(*history->total[s]));
		if (!history->total[s])
			return -ENOMEM;
	}
	for (size_t stack = 0; stack < changes->stacks; stack++) {
		struct counted counted = changes->now[stack];

		figures(&counted, after);
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			history->total[s][history->count - 1] += after[s];
		for (size_t at = changes->first[stack]; at < changes->first[stack + 1];
		     at++) {
			const struct change *change = &changes->change[at];

			if (change->point == 0)
				break;
			count(&counted, &change->by, change->sampled, false);
			figures(&counted, before);
			for (int s = 0; s < PROFILE_SAMPLES; s++)
				history->total[s][change->point - 1] +=
					before[s] - after[s];
			memcpy(after, before, sizeof(after));
		}
	}
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		for (size_t i = history->count - 1; i-- > 0;)
			history->total[s][i] += history->total[s][i + 1];
	return 0;
}

static void find_peak(struct making *m)
{
	const struct heapring_header *header = &m->profile->segment->header;
	struct history *history = m->history;
	const uint64_t *live = history->total[PROFILE_INUSE_SPACE];

	history->peak_space = m->profile->peak_space;
	history->peak_s = header->peak_mono_ns > m->start_ns
				  ? seconds(m, header->peak_mono_ns)
				  : -1;
	for (size_t i = 0; i < history->count; i++)
		if (live[i] >= history->peak_space) {
			history->peak_space = live[i];
			history->peak_s = history->at[i];
			return;
		}
}

static int by_first(const void *a, const void *b)
{
	const struct history_mark *x = a, *y = b;

	return (x->first_s > y->first_s) - (x->first_s < y->first_s);
}

static int make_marks(struct making *m)
{
	struct history *history = m->history;

	history->marks = calloc(m->ring->marks_count + 1, sizeof(*history->marks));
	if (!history->marks)
		return -ENOMEM;
	for (size_t i = 0; i < m->ring->marks_count; i++) {
		const struct heapring_mark *mark = &m->ring->marks[i];

		history->marks[i] =
			(struct history_mark){ strdup(mark->name), mark->count,
					       seconds(m, mark->first_ns),
					       seconds(m, mark->last_ns) };
		history->marks_count++;
		if (!history->marks[i].name)
			return -ENOMEM;
	}
	qsort(history->marks, history->marks_count, sizeof(*history->marks), by_first);
	return 0;
}

static int make(struct making *m)
{
	struct history *history = m->history;
	int r = 0;

	history->changes = calloc(1, sizeof(*history->changes));
	if (!history->changes)
		return -ENOMEM;
	r = map_sites(m);
	if (r == 0)
		r = make_points(m);
	if (r == 0)
		r = make_changes(m);
	if (r == 0)
		r = make_totals(history);
	if (r == 0)
		r = make_marks(m);
	if (r == 0)
		find_peak(m);
	return r;
}

int history_new(const struct profile *profile, const struct site_sums *sums,
		const struct history_ring *ring, struct history **ret_history)
{
	const struct heapring_header *header = &profile->segment->header;
	struct history *history = calloc(1, sizeof(*history));
	struct making making = { .profile = profile,
				 .sums = sums,
				 .ring = ring,
				 .history = history,
				 .start_ns = header->start_mono_ns };
	int r;

	if (!history)
		return -ENOMEM;
	history->slices = ring->slices_count;
	history->interval_s = (double)header->interval_ns / 1e9;
	history->kept = header->history_bytes > 0;
	history->damaged = ring->damaged;
	r = make(&making);
	free(making.stack_of);
	free(making.point_of);
	if (r < 0) {
		history_free(history);
		return r;
	}
	*ret_history = history;
	return 0;
}

void history_free(struct history *history)
{
	if (!history)
		return;
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		free(history->total[s]);
	for (size_t i = 0; i < history->marks_count; i++)
		free(history->marks[i].name);
	if (history->changes) {
		free(history->changes->change);
		free(history->changes->first);
		free(history->changes->now);
	}
	free(history->changes);
	free(history->marks);
	free(history->at);
	free(history->sweep_s);
	free(history->has_next);
	free(history->unix_ns);
	free(history);
}

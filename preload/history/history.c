/*
 * history - fills the history ring while the program allocates
 *
 * Nothing on the fast path says that a site changed. A sweep adds up all threads'
 * counters of each site and compares with the values that the newest record left
 * (segment.h). A counter costs a few nanoseconds to look at, and a segment of
 * 64 MiB holds half a million, so that a sweep takes some milliseconds at most, in steps.
 *
 * Who works. `in_charge` holds the token of the thread at work, 0 when there is none. A
 * step begins with a compare-and-swap from 0 and ends with a store of 0, so what one
 * thread leaves the next one finds (acquire, release: pair Y1). Private state is kept
 * twice: when a thread is given up, the next one begins with the other copy and the other
 * heapring_open, and closes the slice as the segment has it. A thread that wakes
 * up after it was given up sees another token before its next record and leaves;
 * what it may still do is finish one record that nobody refers to any more.
 *
 * Pauses. Without events there are no ticks. The first event after a pause ends the
 * slice at the last tick before it and begins the next one at its own time.
 */
#include "preload/history/history.h"

#include <stddef.h>

#include "preload/count/counters.h"
#include "preload/count/sums.h"
#include "preload/count/thread.h"
#include "preload/history/history_log.h"
#include "preload/history/history_merge.h"
#include "preload/history/snapshot.h"
#include "preload/history/values.h"
#include "preload/platform/os_linux.h"
#include "preload/process/process.h"
#include "preload/segment/segment_writer.h"
#include "preload/unwind/tree.h"

#define MS 1000000ull
#define STEP_NS 50000u      /* a step's time; one more batch comes on top */
#define STEP_MS 3u          /* from one step to the next, at least */
#define STEP_PAGES 16u      /* that it may take: growing takes a step of its own */
#define CUT_NS 80000u       /* the same for history_cut() */
#define STEP_COUNTERS 4096u /* what a step looks at most, where time cannot be told */
#define BATCH_COUNTERS 256u /* 25 us when each is in memory only and not in a cache */
#define MERGE_RECORDS 8u
#define GIVE_UP_TICKS 256u /* a second or more in which the program ran */
#define SLICE_SHARE 4u     /* a slice takes at most this part of level 0 */
#define VALUES_PAGES (HR_SITE_MAX / HR_VALUES_PER_PAGE + 1u)

struct work {
	bool sweeping;
	uint32_t first_site; /* that the sweep looked at */
	uint32_t site;       /* the next one to look at */
	uint32_t last_site;  /* of the slice's newest record */
	uint64_t at;         /* of the slice's header */
	uint64_t began_ns;   /* when the sweep began */
	uint64_t end_ns;     /* of the slice */
	struct merge merge;
};

static struct {
	struct heapring_history *state; /* NULL until the first slice is due */
	uint64_t bytes, interval_ns, start_ns;
	uint64_t due_ms; /* nothing to do before */
	uint64_t idle_from_ns;
	uint32_t in_charge;
	uint32_t stalled; /* the token that was found ... */
	uint32_t stalled_ticks;
	uint64_t stalled_ms;
	struct work work[2];
} history;

static struct heapring_values_page **values_pages;

/* What one call may do. */
struct step {
	uint32_t token;
	uint64_t deadline_ns; /* 0: count instead */
	uint32_t counters;    /* that may still be looked at */
	uint32_t last_page;   /* of the segment, that it may take */
	uint64_t now_ms;
};

bool history_reserve(uint64_t bytes)
{
	values_pages = os_reserve(VALUES_PAGES * sizeof *values_pages, true);
	return values_pages != NULL && (bytes < LOG_BYTES_MIN || log_reserve(bytes));
}

void history_begin(uint64_t bytes, uint64_t interval_ns, uint64_t start_ns)
{
	struct heapring_header *h = segment.header;
	/* sites and counters are what the budget is for */
	uint64_t most = (uint64_t)h->pages_max * HR_PAGE / 8;

	__builtin_memset(&history, 0, sizeof history);
	history.bytes = bytes < most ? bytes : most;
	if (history.bytes < LOG_BYTES_MIN)
		history.bytes = 0;
	history.interval_ns = interval_ns;
	history.start_ns = start_ns;
	history.due_ms = history.bytes == 0 ? UINT64_MAX : (start_ns + interval_ns) / MS;
	h->history_bytes = history.bytes;
	h->active_ns = start_ns;
}

static struct heapring_values_page *values_page(uint32_t site)
{
	return segment_table_page((void **)values_pages, site / HR_VALUES_PER_PAGE,
				  HR_PAGE_VALUES);
}

static bool begin_state(void)
{
	struct heapring_history *state = segment_page_new(HR_PAGE_HISTORY, 0, 0);

	if (state == NULL)
		return false;
	state->start_ns = history.start_ns;
	log_begin(state->level, history.bytes);
	history.state = state;
	return true;
}

static bool is_in_charge(const struct step *step)
{
	return __atomic_load_n(&history.in_charge, __ATOMIC_RELAXED) == step->token;
}

static uint32_t pages_used(void)
{
	return __atomic_load_n(&segment.header->pages_used, __ATOMIC_RELAXED);
}

static bool out_of_time(const struct step *step)
{
	if (pages_used() > step->last_page)
		return true;
	return step->deadline_ns == 0 ? step->counters == 0
				      : os_mono_ns() >= step->deadline_ns;
}

static void spend(struct step *step, uint32_t counters)
{
	step->counters -= counters < step->counters ? counters : step->counters;
}

/* How many sites of a page to look at together. A batch is never interrupted, or a site's
 * frees would be older than its allocations. */
static uint32_t batch_sites(uint32_t site, uint32_t slots)
{
	uint32_t in_page = HR_COUNTERS_PER_PAGE - site % HR_COUNTERS_PER_PAGE;
	uint32_t sites = BATCH_COUNTERS / (sums_counters_pages(site, slots) + 1);

	if (sites == 0)
		return 1;
	return sites < in_page ? sites : in_page;
}

/* May another record follow at pos in the open slice? */
static bool has_room(const struct work *w, uint64_t pos)
{
	return log_room(0, pos) > 2u * HR_RECORD_MAX &&
	       pos - w->at < log_capacity(0) / SLICE_SHARE;
}

/* Writes down what a site has now. False: the slice must end before this site. */
static bool note(struct work *w, const struct step *step, uint32_t site,
		 const struct heapring_values *now)
{
	struct heapring_history *state = history.state;
	struct heapring_open *open = &state->open[state->writer];
	struct heapring_values_page *page = values_page(site);
	struct log_record record = { .site = site };
	struct heapring_values *values;
	uint64_t next;

	if (page == NULL) {
		state->stopped = 1;
		return true;
	}
	values = &page->of[site % HR_VALUES_PER_PAGE];
	record.by = values_changes(now, values);
	if (values_are_none(&record.by))
		return true;
	if (!is_in_charge(step) || !has_room(w, open->end))
		return false;
	next = log_put(0, open->end, w->last_site, &record);
	if (next == 0)
		return false;
	values_store_word(&open->site, site); /* H1 */
	values_store(&open->values, now);
	values_store_word(&page->next, next); /* H2 */
	values_store(values, now);            /* H3 */
	values_store_word(&page->end, next);  /* H4 */
	values_store_word(&open->records, open->records + 1);
	values_store_word(&open->end, next); /* H5 */
	w->last_site = site;
	return true;
}

/* Ends the open slice; one without records is none, unless it fills space. */
static void close_slice(const struct work *w, uint64_t end, uint64_t now_ms, bool fills)
{
	struct heapring_history *state = history.state;
	const struct heapring_open *open = &state->open[state->writer];
	struct heapring_slice slice = {
		.magic = HR_SLICE_MAGIC,
		.records = (uint32_t)open->records,
		.bytes = end - w->at,
		.first = state->number,
		.last = state->number,
		.start_ns = state->start_ns,
		.end_ns = w->end_ns > state->start_ns ? w->end_ns : state->start_ns,
		.sweep_ns = now_ms * MS > w->began_ns ? now_ms * MS - w->began_ns : 0,
		.partial = w->first_site > 0 || w->site < tree_sites()
	};

	if ((open->records > 0 || fills) && log_commit(0, w->at, &slice))
		state->number += open->records > 0;
	if (open->records > 0 || !fills)
		state->start_ns = w->began_ns;
}

static void begin_sweep(struct work *w, uint64_t now_ns)
{
	struct heapring_history *state = history.state;
	struct heapring_open *open = &state->open[state->writer];
	uint64_t idle = __atomic_exchange_n(&history.idle_from_ns, 0, __ATOMIC_RELAXED);

	w->at = log_place(state->level[0].head, HR_SLICE_BYTES);
	if (log_at(0, w->at) == NULL)
		return; /* fewer pages than wished for; the next tick sees how many */
	w->sweeping = true;
	w->last_site = 0;
	/* a coarse clock may be behind the finer one that told the start */
	w->began_ns = now_ns > state->start_ns ? now_ns : state->start_ns;
	w->end_ns = idle > state->start_ns && idle < now_ns ? idle : now_ns;
	if (w->site >= tree_sites())
		w->site = 0;
	if (w->site == 0)
		snapshot_pass_begins();
	w->first_site = w->site;
	values_store_word(&open->records, 0);
	values_store_word(&open->end, w->at + HR_SLICE_BYTES);
}

static void end_sweep(struct work *w, const struct step *step)
{
	struct heapring_history *state = history.state;
	uint64_t end = state->open[state->writer].end;

	w->sweeping = false;
	if (!is_in_charge(step))
		return;
	close_slice(w, end, step->now_ms, false);
}

static void sweep(struct work *w, struct step *step)
{
	struct heapring_values sum[HR_COUNTERS_PER_PAGE];
	uint32_t slots = threads_slots();

	while (w->site < tree_sites() && !out_of_time(step)) {
		uint32_t n = batch_sites(w->site, slots);

		spend(step, sums_of_sites(w->site, n, slots, sum));
		for (uint32_t i = 0; i < n; i++, w->site++)
			if (!note(w, step, w->site, &sum[i])) {
				end_sweep(w, step);
				return;
			}
	}
	if (w->site < tree_sites())
		return;
	end_sweep(w, step);
	snapshot_pass_ends(step->now_ms);
	w->site = 0;
}

/* Between two sweeps the values stand still. */
static void copy_snapshot(struct step *step)
{
	while (is_in_charge(step) && !out_of_time(step) &&
	       snapshot_copy((const void *const *)values_pages))
		spend(step, HR_VALUES_PER_PAGE); /* in effort */
}

/* The oldest slices make room before a new one begins, and a little ahead of time. */
static bool needs_room(uint32_t share)
{
	return log_room(0, history.state->level[0].head) < log_capacity(0) / share;
}

static void merge(struct work *w, struct step *step)
{
	while (is_in_charge(step) && !out_of_time(step)) {
		bool more = merge_step(&w->merge, MERGE_RECORDS);

		spend(step, MERGE_RECORDS * 8); /* in effort */
		if (more)
			continue;
		if (is_in_charge(step))
			merge_end(&w->merge);
		return;
	}
}

/*
 * Does one thing or a part of it. Returns when there is something to do next.
 */
static uint64_t work(struct work *w, struct step *step, bool due)
{
	if (w->merge.count > 0) {
		merge(w, step);
		return step->now_ms;
	}
	if (log_capacity(0) == 0)
		return UINT64_MAX;
	if (!w->sweeping && snapshot_is_open()) {
		copy_snapshot(step);
		return step->now_ms;
	}
	if (!w->sweeping && needs_room(due ? SLICE_SHARE : 2)) {
		merge_begin(&w->merge, history.state->level, 0, history.interval_ns * 8);
		return step->now_ms;
	}
	if (!w->sweeping && (due || snapshot_is_wanted()))
		begin_sweep(w, step->now_ms * MS);
	if (w->sweeping)
		sweep(w, step);
	return w->sweeping || snapshot_is_open() || needs_room(2)
		       ? step->now_ms
		       : (history.state->start_ns + history.interval_ns) / MS;
}

static void run(struct step *step, bool due)
{
	uint64_t next_ms = step->now_ms;

	if (history.state == NULL && !begin_state())
		next_ms = UINT64_MAX;
	while (next_ms <= step->now_ms && !out_of_time(step) && is_in_charge(step)) {
		struct work *w = &history.work[history.state->writer];

		uint64_t start_ns = history.state->start_ns;

		next_ms = work(w, step, due);
		due = due && start_ns == history.state->start_ns;
	}
	if (is_in_charge(step))
		__atomic_store_n(&history.due_ms,
				 next_ms > step->now_ms ? next_ms
							: step->now_ms + STEP_MS,
				 __ATOMIC_RELAXED);
}

/*
 * Another thread is at work. One that stays so while the program runs for GIVE_UP_TICKS
 * was stopped, or left a step with longjmp: returns true when it is to be given up.
 */
static bool has_stalled(uint32_t token, uint64_t now_ms)
{
	if (__atomic_exchange_n(&history.stalled_ms, now_ms, __ATOMIC_RELAXED) == now_ms)
		return false;
	if (__atomic_exchange_n(&history.stalled, token, __ATOMIC_RELAXED) != token) {
		__atomic_store_n(&history.stalled_ticks, 0, __ATOMIC_RELAXED);
		return false;
	}
	return __atomic_add_fetch(&history.stalled_ticks, 1, __ATOMIC_RELAXED) >
	       GIVE_UP_TICKS;
}

/* The given-up thread's slice ends as the segment has it; its merge never was. */
static void take_over(uint64_t now_ms)
{
	struct heapring_history *state = history.state;
	uint32_t mine;
	const struct work *given_up;

	if (state == NULL)
		return;
	mine = 1 - state->writer;
	given_up = &history.work[state->writer];
	/* it may still write one record in the page where it is: leave that page */
	if (given_up->sweeping)
		close_slice(given_up,
			    (state->open[state->writer].end / HR_PAGE + 1) * HR_PAGE,
			    now_ms, true);
	if (given_up->merge.count > 0)
		merge_abandon(&given_up->merge);
	history.work[mine] = (struct work){ .site = given_up->site };
	values_store_word(&state->open[mine].records, 0);
	values_store_word(&state->open[mine].end, state->level[0].head);
	__atomic_store_n(&state->writer, mine, __ATOMIC_RELEASE);
	state->taken_over++;
}

/* Becomes the thread in charge, or finds out that another one is. */
static bool begin_step(struct step *step, uint64_t now_ms, uint64_t ns)
{
	static uint32_t tokens;
	uint32_t found = 0;

	step->token = __atomic_add_fetch(&tokens, 1, __ATOMIC_RELAXED) | 1u << 31;
	step->now_ms = now_ms;
	step->counters = STEP_COUNTERS;
	step->deadline_ns = 0;
	if (!__atomic_compare_exchange_n(&history.in_charge, &found, step->token, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) { /* Y1 */
		if (!has_stalled(found, now_ms) ||
		    !__atomic_compare_exchange_n(&history.in_charge, &found, step->token,
						 false, __ATOMIC_ACQUIRE,
						 __ATOMIC_RELAXED))
			return false;
		take_over(now_ms);
	}
	step->last_page = pages_used() + STEP_PAGES;
	if (!process_sandboxed())
		step->deadline_ns = os_mono_ns() + ns;
	return true;
}

static void end_step(struct step *step)
{
	uint32_t mine = step->token;

	__atomic_compare_exchange_n(&history.in_charge, &mine, 0, false, __ATOMIC_RELEASE,
				    __ATOMIC_RELAXED); /* Y1 */
}

/* In the midst of a sweep or a merge: what is due to begin is not put off. */
static bool is_under_way(void)
{
	const struct work *w;

	if (history.state == NULL)
		return false;
	w = &history.work[history.state->writer];
	return w->sweeping || w->merge.count > 0;
}

void history_tick(uint64_t now_ms)
{
	struct heapring_header *h = segment.header;
	uint64_t now_ns = now_ms * MS;
	uint64_t last_ns = __atomic_load_n(&h->active_ns, __ATOMIC_RELAXED);
	bool looks = snapshot_is_due(now_ms);
	struct step step;

	if (last_ns < now_ns) {
		if (now_ns - last_ns > 2 * history.interval_ns)
			__atomic_store_n(&history.idle_from_ns, last_ns,
					 __ATOMIC_RELAXED);
		__atomic_store_n(&h->active_ns, now_ns, __ATOMIC_RELAXED);
	}
	if ((now_ms < __atomic_load_n(&history.due_ms, __ATOMIC_RELAXED) && !looks) ||
	    !begin_step(&step, now_ms, STEP_NS))
		return;
	if (looks && snapshot_look(now_ms)) /* a step of its own: it asks the kernel */
		__atomic_store_n(&history.due_ms, 0, __ATOMIC_RELAXED);
	if (!looks && (!is_under_way() || !segment_grow_ahead(STEP_PAGES)))
		run(&step,
		    history.state == NULL || snapshot_is_wanted() ||
			    now_ns >= history.state->start_ns + history.interval_ns);
	end_step(&step);
}

void history_cut(uint64_t now_ms)
{
	struct step step;

	if (history.bytes == 0 || !begin_step(&step, now_ms, CUT_NS))
		return;
	run(&step,
	    history.state == NULL ||
		    now_ms * MS >= history.state->start_ns + history.interval_ns / 16);
	end_step(&step);
}

#include "preload/record/record.h"

#include "preload/allocator/next.h"
#include "preload/count/mode.h"
#include "preload/count/probes.h"
#include "preload/count/sampler.h"
#include "preload/history/history.h"
#include "preload/platform/os_linux.h"
#include "preload/record/lookup.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/tree.h"

/* What is due when the thread's time has moved. */
static void tick(struct thread *t)
{
	t->ticked_ms = t->now_ms;
	history_tick(os_coarse_ms());
	mode_follow_listeners(t);
	modules_check(t->now_ms);
}

/* Single writer; readers outside may see the old value or the new one. */
static void add_double(double *sum, double by)
{
	*(volatile double *)sum = *sum + by;
}

/* At a sampled site: counts what one sample stands for. Returns its bytes. */
static int64_t count_alloc_sampled(struct heapring_counter *c, uint64_t size,
				   uint64_t rate)
{
	struct sampler_weight w = sampler_weigh(size, rate);

	arch_count(&c->allocs, w.objects);
	arch_count(&c->alloc_bytes, w.bytes);
	arch_count_one(&c->samples);
	add_double(&c->sampled.alloc_bytes_var, w.bytes_var);
	add_double(&c->sampled.alloc_objects_var, w.objects_var);
	return (int64_t)w.bytes;
}

/* Small blocks of some allocators have no room for a birth. */
static void count_known_lifetime(const struct thread *t, struct heapring_counter *c,
				 const struct live_block *taken)
{
	if (taken->born_ms != LIVE_UNBORN)
		count_lifetime(t, c, taken->born_ms);
}

static int64_t count_free_sampled(const struct thread *t, struct heapring_counter *c,
				  const struct live_block *taken, uint64_t rate)
{
	struct sampler_weight w = sampler_weigh(taken->size, rate);

	arch_count(&c->frees, w.objects);
	arch_count(&c->free_bytes, w.bytes);
	add_double(&c->sampled.free_bytes_var, w.bytes_var);
	add_double(&c->sampled.free_objects_var, w.objects_var);
	count_known_lifetime(t, c, taken);
	return (int64_t)w.bytes;
}

/* Counts the free of a block taken out of the live table. */
static void free_taken(struct thread *t, const struct live_block *taken)
{
	uint32_t site = taken->site;
	int64_t bytes = (int64_t)taken->size;
	struct heapring_counter *c;
	uint64_t rate;

	if (site < t->site_base) {
		arch_count(&t->record->inherited_frees, 1);
		arch_count(&t->record->inherited_bytes, taken->size);
		return;
	}
	if (site - t->site_base >= tree_sites()) /* never handed out: a damaged entry */
		site = t->site_base + HR_SITE_OVERFLOW;
	rate = tree_site_record(site - t->site_base)->rate;
	c = counters_at(t->directory, t->slot, site);
	peak_note(c);
	if (likely(rate == 1)) {
		count_free(c, taken->size);
		count_known_lifetime(t, c, taken);
	} else {
		bytes = count_free_sampled(t, c, taken, rate);
	}
	peak_live_changed(t, -bytes);
}

static void take_and_count(struct thread *t, uint32_t *word, const void *block)
{
	struct live_block taken = live_take(word);

	probes_free(block);
	if (taken.sampled)
		live_filter_remove(block);
	free_taken(t, &taken);
}

/* The word for a new block, emptied of what a missed free left there. */
static uint32_t *word_for(struct thread *t, void *block, size_t size)
{
	uint32_t *word = live_word(block);

	if (word == NULL)
		word = live_word_make(block);
	if (word == NULL) {
		arch_count(&t->record->dropped, 1);
		return NULL;
	}
	live_touch(word, size, t->now_ms);
	if ((*word & LIVE_HEAD) != 0) {
		arch_count(&t->record->missed_frees, 1);
		take_and_count(t, word, block);
	}
	return word;
}

/* Counts a block at its site and puts it into the live table. */
static void count_at(struct thread *t, void *block, size_t size, struct counted_site at)
{
	struct heapring_counter *c = at.counter;
	uint32_t site = at.site;
	int64_t bytes = (int64_t)size;
	uint32_t *word = word_for(t, block, size);

	if (word == NULL)
		return;

	peak_note(c);
	if (unlikely(site == t->site_base + HR_SITE_OVERFLOW))
		__atomic_fetch_add(&segment.header->overflow_allocs, 1, __ATOMIC_RELAXED);
	if (likely(t->rate == 1 || site == t->site_base + HR_SITE_OVERFLOW)) {
		count_alloc(c, size);
		live_put(word, site, size);
	} else {
		bytes = count_alloc_sampled(c, size, t->rate);
		live_filter_add(block);
		live_put_sampled(word, site, size, t->now_ms);
	}
	probes_alloc(block, size, (uint64_t)bytes);
	peak_live_changed(t, bytes);
}

/* Is the calling thread attached and allowed to count? */
static bool admit(struct thread **ret_thread)
{
	if (thread_self->gate == GATE_CLOSED)
		thread_attach();
	*ret_thread = thread_self;
	return thread_self->gate >= GATE_EXACT;
}

/* Each event has its own time. The stamp first: a tick in between is seen by the next
 * event. */
static void follow_clock(struct thread *t)
{
	uint64_t stamp = coarse_clock_stamp();

	if (likely(stamp == t->clock_stamp && coarse_clock_found()))
		return;
	t->clock_stamp = stamp;
	t->now_ms = os_coarse_ms() & LIVE_WORD;
}

static void enter_gate(struct thread *t)
{
	t->gate = GATE_BUSY;
	compiler_barrier();
	follow_clock(t);
}

/*
 * What a tick does comes after the event, or the history would see a block that is made
 * larger at the moment when the old one is gone and the new one not yet there. Another
 * mode is entered here for a like reason: a request was chosen, or not, by the mode that
 * it was made in, and counts as one of that.
 */
static void leave_gate(struct thread *t)
{
	if (t->ticked_ms != t->now_ms)
		tick(t);
	mode_refresh(t);
	compiler_barrier();
	t->gate = t->resume;
}

bool record_enter(struct thread **ret_thread)
{
	if (!admit(ret_thread))
		return false;
	enter_gate(*ret_thread);
	return true;
}

void record_leave(struct thread *t)
{
	leave_gate(t);
}

void record_alloc_full(void *block, size_t size, struct frame caller)
{
	bool drawn = thread_self->gate != GATE_CLOSED; /* if at all, by the caller */
	struct thread *t;

	if (!admit(&t)) {
		if (t->gate == GATE_BUSY)
			arch_count(&t->record->bypassed, 1);
		else
			thread_alloc_lost(t);
		return;
	}
	if (!drawn && record_skips(t, size))
		return;
	enter_gate(t);
	if (t->resume == GATE_SAMPLED)
		mode_rearm(t);
	if (likely(t->resume != GATE_DORMANT))
		count_at(t, block, size, lookup_site(t, caller));
	else
		mode_rearm(t);
	leave_gate(t);
}

/* The middle way: exact and plain, from a stack that the guess did not know. */
static inline void count_plain(struct thread *t, void *block, size_t size,
			       struct frame caller)
{
	const struct recent *e;

	t->gate = GATE_BUSY;
	compiler_barrier();
	e = lookup_recent(t, caller);
	if (unlikely(e == NULL))
		count_at(t, block, size, lookup_walk(t, caller));
	else if (unlikely(!record_alloc_at(t, e, block, size)))
		count_at(t, block, size, (struct counted_site){ e->site, e->counter });
	compiler_barrier();
	t->gate = t->resume;
}

void *record_alloc_rest(void *block, size_t size, uintptr_t pc, uintptr_t sp,
			uintptr_t fp)
{
	struct frame caller = { pc, sp, fp };
	struct thread *t = thread_self;

	if (unlikely(block == NULL))
		return NULL;
	if (likely(record_is_plain(t, block))) {
		count_plain(t, block, size, caller);
		return block;
	}
	record_alloc_full(block, size, caller);
	return block;
}

/*
 * A signal handler that interrupted the shim may free: the entry must leave the
 * table, and adding to a counter is one instruction, so it is counted too.
 */
static void free_while_busy(struct thread *t, const void *block)
{
	uint32_t *word = live_word(block);

	if (word != NULL && (*word & LIVE_HEAD) != 0)
		take_and_count(t, word, block);
}

/* Frees of blocks from before the profile, or between two modes, are no news. */
static void count_untracked(struct thread *t, const void *block)
{
	if (t->mode_seq == 0 && t->rate == 1 && !next_owns(block))
		arch_count(&t->record->untracked_frees, 1);
}

void record_free_full(void *block)
{
	struct thread *t;
	uint32_t *word;

	if (!admit(&t)) {
		if (t->gate == GATE_BUSY)
			free_while_busy(t, block);
		return;
	}
	enter_gate(t);
	word = live_word(block);
	if (word != NULL && (*word & LIVE_HEAD) != 0)
		take_and_count(t, word, block);
	else
		count_untracked(t, block);
	leave_gate(t);
}

struct live_block record_take(const void *block)
{
	struct live_block taken = { .site = 0 };
	struct thread *t;
	uint32_t *word;

	if (!admit(&t) && t->gate != GATE_BUSY)
		return taken;
	if (t->gate >= GATE_SAMPLED && !live_may_hold(block))
		return taken;
	word = live_word(block);
	if (word == NULL || (*word & LIVE_HEAD) == 0) {
		count_untracked(t, block);
		return taken;
	}
	taken = live_take(word);
	probes_free(block);
	if (taken.sampled)
		live_filter_remove(block);
	return taken;
}

/* Who listens to the probes was told of a free that did not happen. */
static void tell_of_return(const void *block, const struct live_block *taken)
{
	const struct thread *t = thread_self;
	uint64_t weight = taken->size;

	if (!probes_listen())
		return;
	if (taken->sampled && taken->site >= t->site_base &&
	    taken->site - t->site_base < tree_sites())
		weight = sampler_weigh(taken->size,
				       tree_site_record(taken->site - t->site_base)->rate)
				 .bytes;
	probes_fire_alloc(block, taken->size, weight);
}

void record_put_back(const void *block, const struct live_block *taken)
{
	uint32_t *word = live_word(block);

	if (taken->site == 0 || word == NULL)
		return;
	live_touch(word, taken->size, taken->born_ms & LIVE_WORD);
	if (taken->sampled) {
		live_filter_add(block);
		live_put_sampled(word, taken->site, taken->size,
				 taken->born_ms & LIVE_WORD);
	} else {
		live_put(word, taken->site, taken->size);
	}
	tell_of_return(block, taken);
}

void record_taken_free(const struct live_block *taken)
{
	struct thread *t = thread_self;

	if (taken->site == 0 || t->gate < GATE_BUSY) /* closed: a forked child */
		return;
	if (t->gate == GATE_BUSY) {
		free_taken(t, taken);
		return;
	}
	enter_gate(t);
	free_taken(t, taken);
	if (t->ticked_ms != t->now_ms)
		t->clock_stamp = 0;
	compiler_barrier();
	/* half of an event: no other mode, and no tick, which the other half makes */
	t->gate = t->resume;
}

uint32_t record_stack(struct frame caller)
{
	struct thread *t;
	uint32_t node;

	if (!admit(&t))
		return 0;
	enter_gate(t);
	node = lookup_node(t, &caller);
	leave_gate(t);
	return node;
}

bool record_has(const void *block)
{
	const uint32_t *word = live_word(block);

	return word != NULL && (*word & LIVE_HEAD) != 0;
}

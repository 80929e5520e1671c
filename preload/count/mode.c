#include "preload/count/mode.h"

#include "preload/allocator/figures.h"
#include "preload/allocator/live_table.h"
#include "preload/allocator/trim.h"
#include "preload/count/probes.h"
#include "preload/count/sampler.h"
#include "preload/platform/coarse_clock.h"
#include "preload/segment/segment_writer.h"

static uint32_t gate_of(uint32_t mode)
{
	switch (mode) {
	case HR_MODE_SAMPLED:
		return GATE_SAMPLED;
	case HR_MODE_DORMANT:
		return GATE_DORMANT;
	default:
		return live_tables[0].flat == NULL || probes_listen() ||
				       !coarse_clock_found()
			       ? GATE_EXACT_LEAVES
			       : GATE_EXACT;
	}
}

static void enter_mode(struct thread *t, uint32_t mode, uint64_t rate)
{
	t->rate = mode == HR_MODE_EXACT ? 1 : rate;
	t->resume = gate_of(mode);
	mode_rearm(t);
}

void mode_rearm(struct thread *t)
{
	t->until_sample = t->resume == GATE_SAMPLED ? sampler_gap(&t->random, t->rate)
						    : DORMANT_LOOK;
}

void mode_follow_listeners(struct thread *t)
{
	bool listen = probes_listen();

	if (listen == t->listened)
		return;
	t->listened = listen;
	if (t->rate == 1 && t->resume <= GATE_EXACT_LEAVES)
		t->resume = gate_of(HR_MODE_EXACT);
}

/*
 * Makes a change known to readers. Exact blocks lie everywhere and are in no filter:
 * while any thread may make them, and ever after, every free looks. So the filter is
 * filled before the first thread leaves the exact mode, and before the first enters it.
 */
static void announce(uint32_t mode, uint64_t rate)
{
	struct heapring_header *h = segment.header;

	if (mode == HR_MODE_EXACT ||
	    __atomic_load_n(&h->mode, __ATOMIC_RELAXED) == HR_MODE_EXACT)
		live_filter_fill();
	__atomic_store_n(&h->rate, mode == HR_MODE_EXACT ? 1 : rate, __ATOMIC_RELAXED);
	__atomic_store_n(&h->mode, mode, __ATOMIC_RELAXED);
}

/* Enters the mode that was asked for with seq; false: it asks for nothing that is known.
 */
static bool follow(struct thread *t, uint32_t seq)
{
	const struct heapring_header *h = segment.header;
	uint32_t mode = __atomic_load_n(&h->wanted_mode, __ATOMIC_RELAXED);
	uint64_t rate = __atomic_load_n(&h->wanted_rate, __ATOMIC_RELAXED);

	t->mode_seq = seq;
	if (seq == 0 || mode > HR_MODE_DORMANT || rate == 0 || rate > 1ull << 40)
		return false;
	announce(mode, rate);
	enter_mode(t, mode, rate);
	return true;
}

void mode_begin(struct thread *t)
{
	const struct heapring_header *h = segment.header;

	t->listened = probes_listen();
	/* the header's own mode may be behind what was asked for */
	if (!follow(t, __atomic_load_n(&h->wanted_seq, __ATOMIC_ACQUIRE))) /* M1 */
		enter_mode(t, __atomic_load_n(&h->mode, __ATOMIC_RELAXED),
			   __atomic_load_n(&h->rate, __ATOMIC_RELAXED));
}

void mode_refresh(struct thread *t)
{
	uint32_t seq =
		__atomic_load_n(&segment.header->wanted_seq, __ATOMIC_ACQUIRE); /* M1 */

	if (seq == t->mode_seq)
		return;
	/* a stack has another site at another rate */
	if (follow(t, seq))
		thread_forget(t);
	trim_follow();
	figures_follow();
}

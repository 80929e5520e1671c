#include "preload/mode.h"

#include "preload/live_table.h"
#include "preload/probes.h"
#include "preload/sampler.h"
#include "preload/segment_writer.h"

static uint32_t gate_of(uint32_t mode)
{
	switch (mode) {
	case HR_MODE_SAMPLED:
		return GATE_SAMPLED;
	case HR_MODE_DORMANT:
		return GATE_DORMANT;
	default:
		return live_tables[0].flat == NULL || probes_listen() ? GATE_EXACT_LEAVES
								      : GATE_EXACT;
	}
}

static void enter_mode(struct thread *t, uint32_t mode, uint64_t rate)
{
	t->rate = mode == HR_MODE_EXACT ? 1 : rate;
	t->resume = gate_of(mode);
	if (t->gate != GATE_BUSY)
		t->gate = t->resume;
	mode_rearm(t);
}

void mode_rearm(struct thread *t)
{
	t->until_sample = t->resume == GATE_SAMPLED ? sampler_gap(&t->random, t->rate)
						    : DORMANT_LOOK;
}

void mode_begin(struct thread *t)
{
	const struct heapring_header *h = segment.header;

	t->listened = probes_listen();
	t->mode_seq = __atomic_load_n(&h->wanted_seq, __ATOMIC_ACQUIRE); /* M1 */
	enter_mode(t, __atomic_load_n(&h->mode, __ATOMIC_RELAXED),
		   __atomic_load_n(&h->rate, __ATOMIC_RELAXED));
}

void mode_follow_listeners(struct thread *t)
{
	bool listen = probes_listen();

	if (listen == t->listened)
		return;
	t->listened = listen;
	if (t->rate != 1 || t->resume > GATE_EXACT_LEAVES)
		return;
	t->resume = gate_of(HR_MODE_EXACT);
	if (t->gate != GATE_BUSY)
		t->gate = t->resume;
}

/* The first thread that notices makes the change known to readers. */
static void announce(uint32_t mode, uint64_t rate)
{
	struct heapring_header *h = segment.header;

	/* exact blocks lie everywhere: from now on every free looks */
	if (h->mode == HR_MODE_EXACT && mode != HR_MODE_EXACT)
		live_filter_fill();
	__atomic_store_n(&h->rate, mode == HR_MODE_EXACT ? 1 : rate, __ATOMIC_RELAXED);
	__atomic_store_n(&h->mode, mode, __ATOMIC_RELAXED);
}

void mode_refresh(struct thread *t)
{
	const struct heapring_header *h = segment.header;
	uint32_t seq = __atomic_load_n(&h->wanted_seq, __ATOMIC_ACQUIRE); /* M1 */
	uint32_t mode;
	uint64_t rate;

	if (seq == t->mode_seq)
		return;
	t->mode_seq = seq;
	mode = __atomic_load_n(&h->wanted_mode, __ATOMIC_RELAXED);
	rate = __atomic_load_n(&h->wanted_rate, __ATOMIC_RELAXED);
	if (mode > HR_MODE_DORMANT || rate == 0 || rate > 1ull << 40)
		return;
	announce(mode, rate);
	enter_mode(t, mode, rate);
	/* a stack has another site at another rate */
	thread_forget(t);
}

/*
 * turns - whose turn it is: partitions of a backlog advance together
 *
 * What a partition was given is counted from a common start. One that is new, or has been
 * without a backlog, starts where the least served one is.
 */
#include "pipeline/belt/turns.h"

/* More than what is known to be in Kafka is wanted of it, and it does give. */
static bool has_backlog(const struct partition *p, uint64_t now_ns)
{
	int64_t high = atomic_load_explicit(&p->high, memory_order_relaxed);

	return p->owned && p->expected < high && now_ns - p->taken_ns < TURNS_ACTIVE_NS;
}

void turns_begin(struct turns *t, struct partitions *partitions, uint64_t now_ns)
{
	unsigned n = partitions_count(partitions);
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < n; i++) {
		struct partition *p = partitions_at(partitions, (int32_t)i);

		if (!has_backlog(p, now_ns))
			p->given = p->given > t->least ? p->given : t->least;
		else if (p->given < least)
			least = p->given;
	}
	if (least != UINT64_MAX)
		t->least = least;
}

bool turns_may(const struct turns *t, const struct partition *p)
{
	return p->given <= t->least + t->ahead;
}

void turns_took(struct partition *p, unsigned messages, uint64_t now_ns)
{
	p->given += messages;
	p->taken_ns = now_ns;
}

/*
 * turns - whose turn it is: partitions of a backlog advance together
 *
 * Why it exists: taking from each partition in turn is fair only while all queues hold
 * as much, and they do not: what the broker answers first is taken first. In a drain of
 * 16 partitions the quickest went at 1.8 times the pace of the slowest.
 *
 * Contract
 *   - turns_begin() before each round over the partitions, turns_took() after each take;
 *   - turns_may() is false for a partition that was given more than the least served one
 *     and ahead messages. Who finds nothing else takes from it all the same: nobody waits
 *     for a partition that has nothing to give;
 *   - a partition that has no backlog holds nobody back, and saves no turns for later;
 *   - the poller calls all of it.
 */
#ifndef PIPELINE_TURNS_H
#define PIPELINE_TURNS_H

#include "pipeline/belt/partitions.h"

#define TURNS_ACTIVE_NS UINT64_C(1000000000) /* without messages it is not waited for */

struct turns {
	uint64_t ahead; /* messages */
	uint64_t least; /* given to the least served partition that has a backlog */
};

void turns_begin(struct turns *t, struct partitions *partitions, uint64_t now_ns);
bool turns_may(const struct turns *t, const struct partition *p);
void turns_took(struct partition *p, unsigned messages, uint64_t now_ns);

#endif

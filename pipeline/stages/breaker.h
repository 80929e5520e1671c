/*
 * breaker - stop taking messages before memory runs out
 *
 * Contract
 *   - breaker_check() is true while nothing new may be taken; it looks at the
 *     resident size at most every BREAKER_PERIOD;
 *   - opens at 85 % of the smaller of --memory and the control group's limit,
 *     closes below 75 %; without either limit it never opens;
 *   - says so once each time, and counts in the stats;
 *   - the poller's alone.
 */
#ifndef PIPELINE_BREAKER_H
#define PIPELINE_BREAKER_H

#include "pipeline/stages/run.h"

struct breaker {
	size_t open_at, close_at, limit;
	uint64_t looked_ns, opened_ns;
	bool open;
};

void breaker_init(struct breaker *b, const struct run *run);
bool breaker_check(struct breaker *b, struct run *run);

#endif

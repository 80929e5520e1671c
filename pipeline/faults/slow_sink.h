/*
 * slow_sink - options that make a queue's fault visible
 *
 * A queue without a bound grows only when more comes than goes: unless the user
 * chose otherwise, 40,000 messages a second meet a sink that takes 20,000.
 */
#ifndef PIPELINE_FAULTS_SLOW_SINK_H
#define PIPELINE_FAULTS_SLOW_SINK_H

#include "pipeline/limits/options.h"

static inline void slow_sink(struct options *o)
{
	if (o->chaos == NULL)
		o->chaos = "slow=50";
	if (!o->rate_given && o->embedded)
		o->rate = 40000;
}

/* A pace that a demonstration survives for a minute. */
static inline void calm_rate(struct options *o)
{
	if (!o->rate_given && o->embedded)
		o->rate = 50000;
}

#endif

/*
 * metrics_rss - the lines of `heapring rss` as one series each
 *
 * Contract
 *   - lines of depth 0, which add up to the resident memory that was read with them;
 *   - a look costs as much as the process has blocks: it is repeated when twenty times
 *     as long has passed as the last one took, and the figures of that one stand until
 *     then;
 *   - none of a process that may not be looked into.
 */
#ifndef ANALYZER_SERVE_METRICS_RSS_H
#define ANALYZER_SERVE_METRICS_RSS_H

#include <stdio.h>

#include "analyzer/resident/rss.h"

struct metrics_rss {
	unsigned count;
	const char *key[RSS_LINES];
	int64_t bytes[RSS_LINES];
	uint64_t next_ns; /* CLOCK_MONOTONIC */
};

void metrics_rss_read(struct metrics_rss *rss, const struct profile *profile);

/* One sample a line; labels: pid="1",program="x". */
void metrics_rss_put(const struct metrics_rss *rss, const char *labels, FILE *to);

#endif

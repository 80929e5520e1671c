/*
 * metrics_sites - which of a process's stacks get time series of their own
 *
 * Contract
 *   - at most as many as asked for at a time, the largest by live bytes when there
 *     is room; one that was chosen stays until another holds twice as much, so
 *     that series do not come and go with small differences;
 *   - a stack is known by a hash of its functions' and modules' names: the same in
 *     the next run of the same program, wherever it is loaded;
 *   - the figures are those of the view's merged stacks.
 */
#ifndef ANALYZER_SERVE_METRICS_SITES_H
#define ANALYZER_SERVE_METRICS_SITES_H

#include "analyzer/views/view_target.h"

struct metrics_site {
	uint64_t key;
	const struct stack_entry *entry; /* of the present view */
};

struct metrics_sites {
	struct metrics_site *sites;
	unsigned count, room;
};

/* 0 or -ENOMEM. */
int metrics_sites_init(struct metrics_sites *sites, unsigned room);
void metrics_sites_done(struct metrics_sites *sites);

/* Looks at the view anew. 0 or -ENOMEM. */
int metrics_sites_choose(struct metrics_sites *sites, const struct view_target *target);

#endif

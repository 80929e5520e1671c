/*
 * counter_pages - the counters of a segment, with frees older than allocations
 *
 * Contract
 *   - in a page that is shown, the frees columns (frees, free_bytes, lifetime,
 *     free_*_var) were read before all other columns of every page with the same
 *     index, whichever thread owns it. A block is freed under the site that
 *     allocated it, so no free is seen without its allocation (S3);
 *   - the time between the two is that of reading a few pages, so what a busy
 *     program allocates meanwhile does not pass for live;
 *   - a page that appeared after the frees were read counts no frees.
 */
#ifndef ANALYZER_SEGMENT_COUNTER_PAGES_H
#define ANALYZER_SEGMENT_COUNTER_PAGES_H

#include <stdbool.h>

#include "analyzer/segment/segment_map.h"

/* page points into the map; non-zero ends the walk. */
typedef int counter_pages_fn(void *arg, uint32_t number, const struct heapring_page *page,
			     const struct heapring_counter *counters);

/* is_live: the process may be writing. The map then grows on the way. */
int counter_pages_each(struct segment_map *map, bool is_live, counter_pages_fn *fn,
		       void *arg, struct fault *fault);

#endif

/*
 * metrics - processes as time series, in Prometheus' text format
 *
 * Contract
 *   - names, types and meanings are published in docs/serve.md and checked by
 *     promtool in the tests;
 *   - at most METRICS_PROCESSES_MAX processes and, of each, as many stacks as
 *     asked for get series: however much a program does, the number is bounded;
 *   - of one process heapring_site_live_bytes adds up to heapring_live_bytes.
 */
#ifndef ANALYZER_SERVE_METRICS_H
#define ANALYZER_SERVE_METRICS_H

#include <stdio.h>

#include "analyzer/serve/served.h"
#include "analyzer/symbols/symbol_cache.h"

#define METRICS_PROCESSES_MAX 256u
#define METRICS_SITES_MAX 1000u

struct metrics;

/* sites: for each process. NULL without memory. */
struct metrics *metrics_new(unsigned sites);
void metrics_free(struct metrics *metrics);

void metrics_write(struct metrics *metrics, const struct served_list *list,
		   struct symbol_cache *cache, FILE *to);

#endif

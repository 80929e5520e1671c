/*
 * metrics_scrape - the numbers of a Prometheus endpoint
 *
 * Contract
 *   - the text format of Prometheus, version 0.0.4; samples that are not finite and
 *     lines that do not parse are left out;
 *   - at most METRICS_BYTES_MAX are read, within METRICS_TIMEOUT_S;
 *   - http and https only; a URL without a path asks for /metrics.
 */
#ifndef ANALYZER_MACHINE_METRICS_SCRAPE_H
#define ANALYZER_MACHINE_METRICS_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/console/fault.h"

#define METRICS_BYTES_MAX (8u << 20)
#define METRICS_TIMEOUT_S 5L

struct metric {
	char *name;   /* without labels */
	char *labels; /* as written between the braces, "" none */
	double value;
};

struct metrics {
	struct metric *metrics;
	size_t count;
};

int metrics_scrape(const char *url, struct metrics *ret, struct fault *fault);
/* The body alone: what scrape does after reading. text is changed. 0 or -ENOMEM. */
int metrics_parse(char *text, struct metrics *ret);
void metrics_done(struct metrics *metrics);

/*
 * The sum over labels of all metrics whose name ends so (after a `_` or as a whole).
 * False when there is none.
 */
bool metrics_sum(const struct metrics *metrics, const char *ending, double *ret);

#endif

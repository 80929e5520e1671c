/*
 * audit_surroundings - what the kernel and the program itself say beside the heap
 *
 * A segment knows what was allocated; not how much of it is resident, how many
 * threads there are, where the memory limit is, nor how long the queues are. For a
 * live process the kernel knows the first three, and a Prometheus endpoint the last.
 *
 * Contract
 *   - everything is optional; `has_...` says what is known;
 *   - watching takes wants.duration_s and samples about four times a second at most;
 *   - a process that ends while it is watched is no error: what was seen stays;
 *   - an endpoint that cannot be read is an error of its own, in one line.
 */
#ifndef ANALYZER_AUDIT_AUDIT_SURROUNDINGS_H
#define ANALYZER_AUDIT_AUDIT_SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/console/fault.h"
#include "analyzer/machine/metrics_scrape.h"

struct audit_sample {
	double at_s;        /* since watching began */
	uint64_t rss_bytes; /* anonymous memory that is not the profiler's */
	uint64_t faults;    /* minor page faults since the start */
	double cpu_s;       /* since the start */
	uint32_t threads;
};

struct audit_surroundings {
	const char *target;           /* as a person would name it; NULL: not known */
	struct audit_sample *samples; /* by time; NULL: the process was not alive */
	size_t samples_count;
	bool has_limit;
	uint64_t limit_bytes; /* the control group's, else the machine's */
	uint64_t used_bytes;  /* of that limit, now */
	bool is_cgroup_limit;
	bool has_metrics;
	struct metrics first, last; /* scraped at the start and at the end */
};

/* pid 0: no live process, so no samples and no limit. metrics_url NULL: none. */
struct audit_surroundings_wants {
	int pid;
	double duration_s;
	const char *metrics_url;
	uint64_t private_table; /* of the header: the profiler's own memory */
};

int audit_surroundings_read(const struct audit_surroundings_wants *wants,
			    struct audit_surroundings *ret, struct fault *fault);
void audit_surroundings_done(struct audit_surroundings *around);

#endif

/*
 * rss - where the resident memory of a live process is: the sum that closes
 *
 * RSS = live + slack + the allocator's own + free in the allocator + direct mappings +
 * files + shared memory + thread stacks + the profiler + unexplained.
 *
 * Contract
 *   - every figure is of bytes on resident pages, so that the lines of depth 0 add up
 *     to `resident`, exactly; `unexplained` is below 0 when the process gave memory
 *     back while it was looked at;
 *   - lines of depth 1 split the line above them, where that is known;
 *   - every line says how it was measured and where it may err;
 *   - a process that changes by more than RSS_DRIFT meanwhile is looked at again, at most
 *     RSS_ATTEMPTS times; `drift` is what was left.
 */
#ifndef ANALYZER_RESIDENT_RSS_H
#define ANALYZER_RESIDENT_RSS_H

#include "analyzer/profile/profile.h"

#define RSS_LINES 24u
#define RSS_ATTEMPTS 3u
#define RSS_DRIFT 0.01
#define RSS_DIRECT_MAX 4096u

struct rss_line {
	const char *key;  /* for JSON and metrics */
	const char *what; /* for people */
	unsigned depth;
	int64_t bytes;
	const char *how;   /* it was measured */
	const char *error; /* where it may err; "" nowhere */
};

/* What one stack mapped past the allocator. */
struct rss_direct {
	uint32_t node; /* 0: not known which */
	uint64_t mapped, resident;
};

struct rss {
	uint64_t resident; /* by smaps */
	uint64_t counted;  /* by the kernel's counters, which lag behind */
	uint64_t swapped;
	uint64_t drift;
	struct rss_line lines[RSS_LINES];
	unsigned lines_count;
	uint64_t live;         /* bytes in use, resident or not */
	uint64_t live_absent;  /* of them on pages that are not there */
	uint64_t live_counted; /* bytes in use as the counters have it */
	uint64_t blocks;
	bool is_estimate; /* live blocks are samples */
	uint32_t threads, stacks_alive, stacks_kept;
	uint32_t arenas, heaps;    /* of glibc */
	struct rss_direct *direct; /* the most resident first */
	size_t direct_count;
};

int rss_read(const struct profile *profile, struct rss *ret_rss, struct fault *fault);
void rss_done(struct rss *rss);

/* Does the live table have every block, and can it be read? */
bool rss_is_exact(const struct segment *segment);

/* The line of that key, or NULL. */
const struct rss_line *rss_line(const struct rss *rss, const char *key);

#endif

/*
 * watch_sites - the call stacks of one process, looked at again and again
 *
 * Contract
 *   - watch_sites_look() reads the process anew; a stack keeps its row, its figures
 *     of earlier looks and its mark for as long as the process is watched;
 *   - once the process ended its last figures stay;
 *   - rows that a filter leaves are in `shown`, in the order that was asked for;
 *   - a mark remembers what every stack held then; what a stack gained since is
 *     its live bytes minus that.
 */
#ifndef ANALYZER_WATCH_WATCH_SITES_H
#define ANALYZER_WATCH_WATCH_SITES_H

#include <regex.h>
#include <stdbool.h>

#include <uthash.h>

#include "analyzer/views/view_target.h"
#include "analyzer/watch/watch_points.h"

enum watch_order {
	WATCH_LIVE,
	WATCH_GROWTH,
	WATCH_RATE,
	WATCH_COUNT,
	WATCH_AGE,
	WATCH_ORDERS
};

struct watch_site {
	UT_hash_handle hh;
	uint64_t key;
	size_t stack; /* one of the profile's, for its frames */
	int64_t live, count, allocated;
	int64_t marked;
	uint64_t first_ns; /* CLOCK_MONOTONIC of its first allocation */
	struct watch_points points;
	double growth, rate; /* bytes per second */
	int64_t allocated_before;
	bool is_seen, is_expanded;
};

struct watch_sites {
	char path[PATH_MAX];
	struct view_options options;
	struct view_target target; /* the last look; profile NULL: none yet */
	uint64_t looked_ms;
	struct watch_site *sites; /* by key */
	struct watch_site **shown;
	size_t shown_count;
	struct watch_points total;
	double rate;
	bool is_marked;
	enum watch_order order;
	bool has_filter;
	regex_t filter;
};

void watch_sites_begin(struct watch_sites *sites, const char *path,
		       struct symbol_cache *cache);
void watch_sites_end(struct watch_sites *sites);

int watch_sites_look(struct watch_sites *sites, struct fault *fault);

/* Filters and orders anew; 0 or -ENOMEM. */
int watch_sites_show(struct watch_sites *sites);
/* "" takes the filter away. False: no regular expression. */
bool watch_sites_filter(struct watch_sites *sites, const char *text);
void watch_sites_mark(struct watch_sites *sites, bool marked);

/* Growth, or with a mark what was gained since. */
double watch_site_gain(const struct watch_sites *sites, const struct watch_site *site);
uint64_t watch_site_age_ns(const struct watch_sites *sites,
			   const struct watch_site *site);

/* Its frames, innermost first, valid until the next call. */
uint32_t watch_site_frames(const struct watch_sites *sites, const struct watch_site *site,
			   const struct stack_frame **ret_frames);
const struct place *watch_site_place(const struct watch_sites *sites,
				     const struct stack_frame *frame);

#endif

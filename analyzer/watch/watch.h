/*
 * watch - the state of the screen: what is shown, where the cursor is
 *
 * Between cmd_watch.c, which reads keys and the clock, and watch_draw.c, which
 * draws; neither knows the other.
 */
#ifndef ANALYZER_WATCH_WATCH_H
#define ANALYZER_WATCH_WATCH_H

#include "analyzer/watch/watch_processes.h"
#include "analyzer/watch/watch_sites.h"

struct watch {
	struct watch_processes processes;
	struct watch_sites sites;
	bool shows_sites, shows_help;
	bool is_frozen;
	size_t cursor, top;  /* rows: chosen, first on the screen */
	uint64_t chosen_key; /* of the site at the cursor: it follows the site */
	bool is_typing;      /* the filter, below */
	bool is_filter_wrong;
	char filter[128];
	struct fault fault; /* what went wrong at the last look, "" nothing */
};

void watch_draw(struct watch *watch);

/* How many rows of the present list there are, and fit on the screen. */
size_t watch_rows(const struct watch *watch);
size_t watch_room(void);

#endif

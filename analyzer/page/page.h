/*
 * page - the page of `report`, `web`, `serve` and `flame`: one HTML file
 *
 * The front end (page/) is bundled at build time and embedded; this puts a
 * profile's data into it, or writes the data alone for a page that asks again.
 *
 * Contract
 *   - page_prepare() comes before view_target_load(): the page folds lines into
 *     functions and modules itself, so it needs the places by line;
 *   - what is written stands alone: no address of a network is in it, names are
 *     data that is never parsed as markup, and no script but the page's own runs;
 *   - the figures are those of the view's merged stacks, so that they agree with
 *     `top` on the same target with the same options;
 *   - a stream's errors stay in the stream, for the caller to see.
 */
#ifndef ANALYZER_PAGE_PAGE_H
#define ANALYZER_PAGE_PAGE_H

#include "analyzer/symbols/source_file.h"
#include "analyzer/views/view_output.h"

struct page_options {
	enum view_granularity level; /* which the page shows first; of page_prepare() */
	struct source_paths sources;
	const char *target; /* how to name the profile in a command; NULL: not known */
	long stacks;        /* most of them that are shown by themselves; 0: all */
	bool no_sources;    /* no line of any source file goes into the page */
	bool only_flame;    /* the flame graph is the page */
	bool live;          /* the page asks for `data.json` beside it again and again */
};

#define PAGE_STACKS 60000 /* what a browser draws and searches without a pause */

void page_prepare(struct page_options *page, struct view_options *options);

/* The whole page. */
int page_write(const struct view_target *target, const struct page_options *page,
	       FILE *to, struct fault *fault);
/* Its data: one JSON object, as page_data.h describes it. */
int page_write_data(const struct view_target *target, const struct page_options *page,
		    FILE *to, struct fault *fault);

#endif

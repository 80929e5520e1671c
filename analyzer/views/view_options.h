/*
 * view_options - how to look at a profile; the same for every view
 *
 * Contract
 *   - view_options_init() gives the defaults of `top`;
 *   - regular expressions are POSIX extended ones, matched anywhere in a
 *     function's name, its file or its module's name;
 *   - --focus keeps the stacks that hold a match, --ignore drops them; --hide
 *     takes matching frames out of stacks, --show takes out all others;
 *     --show-from takes out what is outside of the outermost match and drops the
 *     stacks without one.
 */
#ifndef ANALYZER_VIEWS_VIEW_OPTIONS_H
#define ANALYZER_VIEWS_VIEW_OPTIONS_H

#include <regex.h>
#include <stdbool.h>

#include "analyzer/console/options.h"
#include "analyzer/profile/profile.h"

struct symbol_cache;

enum view_granularity {
	VIEW_FUNCTIONS,
	VIEW_LINES,
	VIEW_MODULES,
};

enum view_filter {
	VIEW_FOCUS,
	VIEW_IGNORE,
	VIEW_HIDE,
	VIEW_SHOW,
	VIEW_SHOW_FROM,
	VIEW_FILTERS
};

struct view_options {
	enum profile_sample sample;
	enum view_granularity granularity;
	struct profile_wants wants; /* --at peak, --by-thread */
	bool json;
	bool normalize;
	bool debuginfod;            /* fetch missing debug information */
	bool as_labels;             /* threads and tags are not shown as frames */
	long rows;                  /* -n; -1: the view's default */
	const char *at;             /* a moment for history_moment.h, NULL: now or peak */
	const char *since;          /* likewise, NULL: from the start */
	const char *base;           /* TARGET to subtract, NULL none */
	const char *unit;           /* of sizes, NULL: what suits each */
	bool keep_allocator;        /* its frames at the inner end of stacks stay */
	bool find_culprits;         /* entries of the stack set know theirs */
	struct symbol_cache *cache; /* of names, for who loads often; NULL: none */
	bool has[VIEW_FILTERS];
	regex_t filter[VIEW_FILTERS];
	struct option_spec specs[24];
};

void view_options_init(struct view_options *options);
/* Keeps only the options that are named, or all others; names end with NULL. */
void view_options_keep(struct view_options *options, const char *const *names);
void view_options_leave_out(struct view_options *options, const char *const *names);
void view_options_done(struct view_options *options);

#endif

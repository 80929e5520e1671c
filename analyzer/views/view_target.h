/*
 * view_target - from a TARGET on the command line to stacks with names
 *
 * Contract
 *   - a TARGET is what target.h says, or a pprof profile;
 *   - view_target_load() leaves nothing to free when it fails;
 *   - --at and --since apply to the TARGET, not to the base;
 *   - with options->base its figures are subtracted in `set` and `total`;
 *   - warnings about symbols go to stderr, one line each; with options->cache,
 *     which says that the target is loaded again and again, there are none.
 */
#ifndef ANALYZER_VIEWS_VIEW_TARGET_H
#define ANALYZER_VIEWS_VIEW_TARGET_H

#include "analyzer/profile/profile_window.h"
#include "analyzer/segment/target.h"
#include "analyzer/views/stack_set.h"
#include "analyzer/views/stack_view.h"

struct view_target {
	const struct view_options *options;
	struct profile *profile;
	struct symbols *symbols;
	struct place_table *places;
	struct stack_view *view;
	struct stack_set set;
	struct profile_window window; /* --at, --since: what the figures are of */
	struct profile *base;         /* NULL: none */
	int64_t total[PROFILE_SAMPLES];
};

int view_target_load(const char *name, const struct view_options *options,
		     struct view_target *ret_target, struct fault *fault);
/* The same from a profile, which is taken over in any case. */
int view_target_load_profile(struct profile *profile, const struct view_options *options,
			     struct view_target *ret_target, struct fault *fault);
/* What the base's figures were multiplied with; 1 without --normalize. */
void view_target_base_scale(const struct view_target *target,
			    double scale[PROFILE_SAMPLES]);
void view_target_done(struct view_target *target);

#endif

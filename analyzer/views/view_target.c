/*
 * view_target - from a TARGET on the command line to stacks with names
 */
#include "analyzer/views/view_target.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/pprof/pprof_read.h"
#include "analyzer/profile/profile_snapshot.h"
#include "analyzer/profile/slack.h"
#include "analyzer/symbols/symbols_command.h"

/* Who loads again and again says nothing meanwhile, and asks no network. */
static int load_symbols(const struct profile *profile, const struct view_options *options,
			struct symbols **ret_symbols, struct fault *fault)
{
	if (!options->cache)
		return symbols_command_load(profile, options->debuginfod, ret_symbols,
					    fault);
	unsetenv("DEBUGINFOD_URLS");
	return symbols_load(profile, options->cache, NULL, ret_symbols, fault);
}

/* One profile with its names; what was made stays with the caller on failure. */
static int load_named(const char *name, const struct view_options *options,
		      const struct profile_wants *wants, struct profile **ret_profile,
		      struct symbols **ret_symbols, struct fault *fault)
{
	struct profile_wants asked = *wants;
	char base[PATH_MAX];
	const char *snapshot = profile_snapshot_split(name, base, sizeof(base));
	struct target target;
	int r = 0;

	if (pprof_read_detect(name))
		return pprof_read(name, wants, ret_profile, ret_symbols, fault);
	if (snapshot)
		r = profile_snapshot_check(&asked, snapshot, fault);
	if (r == 0)
		r = target_open(snapshot ? base : name, &target, fault);
	if (r < 0)
		return r;
	r = profile_load_with(&target, &asked, ret_profile, fault);
	if (r == 0 && snapshot)
		r = profile_snapshot_apply(*ret_profile, &target, snapshot, fault);
	target_close(&target);
	return r < 0 ? r : load_symbols(*ret_profile, options, ret_symbols, fault);
}

static int out_of_memory(struct fault *fault)
{
	return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for the view");
}

void view_target_base_scale(const struct view_target *target,
			    double scale[PROFILE_SAMPLES])
{
	const struct profile *base = target->base;
	bool normalize = target->options->normalize && base;

	for (int s = 0; s < PROFILE_SAMPLES; s++)
		scale[s] = normalize && base->total[s]
				   ? (double)target->profile->total[s] /
					     (double)base->total[s]
				   : 1;
}

static int subtract_base(struct view_target *target, struct fault *fault)
{
	const struct view_options *options = target->options;
	struct symbols *symbols = NULL;
	struct stack_view *view = NULL;
	double scale[PROFILE_SAMPLES];
	struct profile_wants wants = options->wants;
	int r;

	wants.history = false;
	r = load_named(options->base, options, &wants, &target->base, &symbols, fault);
	if (r == 0)
		r = stack_view_new(target->base, symbols, options, target->places, &view,
				   fault);
	if (r == 0) {
		view_target_base_scale(target, scale);
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			target->total[s] -=
				llround((double)target->base->total[s] * scale[s]);
		if (stack_set_subtract(&target->set, target->base, view, scale) < 0)
			r = out_of_memory(fault);
	}
	stack_view_free(view);
	symbols_free(symbols);
	return r;
}

/* From the profile and its symbols to the stacks. */
static int build(struct view_target *target, struct fault *fault)
{
	int r;

	target->places = place_table_new(/*across_builds=*/target->options->base != NULL);
	if (!target->places)
		return out_of_memory(fault);
	r = stack_view_new(target->profile, target->symbols, target->options,
			   target->places, &target->view, fault);
	if (r == 0 && stack_set_add(&target->set, target->profile, target->view) < 0)
		r = out_of_memory(fault);
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		target->total[s] = (int64_t)target->profile->total[s];
	return r == 0 && target->options->base ? subtract_base(target, fault) : r;
}

static int check_options(const struct view_options *options, struct fault *fault)
{
	if (options->normalize && !options->base)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "--normalize scales a base to the same total: it goes "
				 "with --base or `diff`");
	if (options->since && options->wants.at_peak)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "--since goes with a time for --at, not with the peak");
	if ((options->at || options->since) && options->wants.by_thread)
		return fault_set(
			fault, FAULT_USAGE, -EINVAL,
			"--by-thread cannot tell threads apart in the past: leave "
			"out --at and --since");
	return 0;
}

static int load(const char *name, struct view_target *target, struct fault *fault)
{
	const struct view_options *options = target->options;
	int r = check_options(options, fault);

	if (r == 0)
		r = load_named(name, options, &options->wants, &target->profile,
			       &target->symbols, fault);
	if (r == 0 && (options->at || options->since))
		r = profile_window_apply(target->profile, options->at, options->since,
					 &target->window, fault);
	if (r == 0 && options->wants.slack && options->wants.history)
		r = slack_load(target->profile, fault);
	return r;
}

static int finish(int r, struct view_target *loaded, struct view_target *ret_target,
		  struct fault *fault)
{
	if (r == 0)
		r = build(loaded, fault);
	if (r < 0)
		view_target_done(loaded);
	else
		*ret_target = *loaded;
	return r;
}

int view_target_load(const char *name, const struct view_options *options,
		     struct view_target *ret_target, struct fault *fault)
{
	struct view_target loaded = { .options = options };
	int r = load(name, &loaded, fault);

	return finish(r, &loaded, ret_target, fault);
}

int view_target_load_profile(struct profile *profile, const struct view_options *options,
			     struct view_target *ret_target, struct fault *fault)
{
	struct view_target loaded = { .options = options, .profile = profile };
	int r = load_symbols(profile, options, &loaded.symbols, fault);

	return finish(r, &loaded, ret_target, fault);
}

void view_target_done(struct view_target *target)
{
	stack_set_done(&target->set);
	stack_view_free(target->view);
	place_table_free(target->places);
	symbols_free(target->symbols);
	profile_free(target->profile);
	profile_free(target->base);
	memset(target, 0, sizeof(*target));
}

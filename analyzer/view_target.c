/*
 * view_target - from a TARGET on the command line to stacks with names
 *
 * Also the place of the progress line: symbols of a large program on a cold
 * disk may take seconds, and a person at a terminal should see why.
 */
#include "analyzer/view_target.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/pprof_read.h"

#define PROGRESS_AFTER_NS 2000000000ll

static int64_t progress_start;
static bool progress_shown;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void show_progress(const char *module, uint32_t done, uint32_t total)
{
	if (now_ns() - progress_start < PROGRESS_AFTER_NS || !isatty(STDERR_FILENO))
		return;
	progress_shown = true;
	fprintf(stderr, "\r\033[Kheapring: symbols %u%%: %s",
		(unsigned)(100ull * done / (total ? total : 1)), module);
}

static void end_progress(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

static int load_symbols(const struct profile *profile, struct symbols **ret_symbols,
			struct fault *fault)
{
	const char *warning;
	int r;

	unsetenv("DEBUGINFOD_URLS"); /* no network unless it was asked for */
	progress_start = now_ns();
	r = symbols_load(profile, show_progress, ret_symbols, fault);
	end_progress();
	for (unsigned i = 0; r == 0 && (warning = symbols_warning(*ret_symbols, i)); i++)
		fprintf(stderr, "heapring: warning: %s\n", warning);
	return r;
}

/* One profile with its names; what was made stays with the caller on failure. */
static int load_named(const char *name, const struct profile_wants *wants,
		      struct profile **ret_profile, struct symbols **ret_symbols,
		      struct fault *fault)
{
	struct target target;
	int r;

	if (pprof_read_detect(name))
		return pprof_read(name, wants, ret_profile, ret_symbols, fault);
	r = target_open(name, &target, fault);
	if (r < 0)
		return r;
	r = profile_load_with(&target, wants, ret_profile, fault);
	target_close(&target);
	return r < 0 ? r : load_symbols(*ret_profile, ret_symbols, fault);
}

static int out_of_memory(struct fault *fault)
{
	return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for the view");
}

static void scale_to(const struct profile *profile, const struct profile *base,
		     bool normalize, double *scale)
{
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		scale[s] = normalize && base->total[s]
				   ? (double)profile->total[s] / (double)base->total[s]
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
	r = load_named(options->base, &wants, &target->base, &symbols, fault);

	if (r == 0)
		r = stack_view_new(target->base, symbols, options, target->places, &view,
				   fault);
	if (r == 0) {
		scale_to(target->profile, target->base, options->normalize, scale);
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

static int check_window(const struct view_options *options, struct fault *fault)
{
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
	int r = check_window(options, fault);

	if (r == 0)
		r = load_named(name, &options->wants, &target->profile, &target->symbols,
			       fault);
	if (r == 0 && (options->at || options->since))
		r = profile_window_apply(target->profile, options->at, options->since,
					 &target->window, fault);
	if (r < 0)
		return r;
	target->places = place_table_new();
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

int view_target_load(const char *name, const struct view_options *options,
		     struct view_target *ret_target, struct fault *fault)
{
	struct view_target loaded = { .options = options };
	int r = load(name, &loaded, fault);

	if (r < 0) {
		view_target_done(&loaded);
		return r;
	}
	*ret_target = loaded;
	return 0;
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

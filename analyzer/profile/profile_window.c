/*
 * profile_window - a profile as it was, or what happened in a part of its time
 *
 * No variance was kept for the past. What was allocated until then varies as all that was
 * allocated does, in proportion; so does what was live of it.
 */
#include "analyzer/profile/profile_window.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "analyzer/profile/history_moment.h"
#include "analyzer/profile/profile_figures.h"

void profile_window_scale_variance(double variance[PROFILE_SAMPLES],
				   const uint64_t now[PROFILE_SAMPLES],
				   const uint64_t then[PROFILE_SAMPLES])
{
	double space = variance[PROFILE_ALLOC_SPACE];
	double objects = variance[PROFILE_ALLOC_OBJECTS];

	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		bool bytes = profile_sample_is_bytes((enum profile_sample)s);
		int all = bytes ? PROFILE_ALLOC_SPACE : PROFILE_ALLOC_OBJECTS;

		variance[s] = (bytes ? space : objects) *
			      figures_share((double)then[s], (double)now[all]);
	}
}

static void subtract(struct profile_window *window, uint64_t value[PROFILE_SAMPLES],
		     const uint64_t before[PROFILE_SAMPLES])
{
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		if (value[s] < before[s])
			window->shrunk[s] += before[s] - value[s];
		value[s] = value[s] > before[s] ? value[s] - before[s] : 0;
	}
}

/* since: a point, SIZE_MAX none. */
static int apply(struct profile *profile, size_t at, size_t since,
		 struct profile_window *window, struct fault *fault)
{
	const struct history *history = profile->history;
	uint64_t then[PROFILE_SAMPLES], before[PROFILE_SAMPLES];

	for (size_t i = 0; i < profile->stacks_count; i++) {
		uint64_t *value = profile->stacks[i].value;

		history_stack_at(history, i, at, then);
		if (since != SIZE_MAX) {
			history_stack_at(history, i, since, before);
			subtract(window, then, before);
		}
		if (profile->variance)
			profile_window_scale_variance(profile->variance[i], value, then);
		memcpy(value, then, sizeof(then));
	}
	memset(profile->total, 0, sizeof(profile->total));
	memset(&profile->coverage, 0, sizeof(profile->coverage));
	return profile_add_up(profile, "the history", fault);
}

int profile_window_apply(struct profile *profile, const char *at, const char *since,
			 struct profile_window *ret_window, struct fault *fault)
{
	const struct history *history = profile->history;
	struct profile_window window = { .has_at = at != NULL,
					 .has_since = since != NULL };
	size_t to = history->count - 1, from = SIZE_MAX;
	int r = 0;

	if (at)
		r = history_moment_point(history, at, &to, fault);
	if (r == 0 && since)
		r = history_moment_point(history, since, &from, fault);
	if (r < 0)
		return r;
	if (since && history->at[from] > history->at[to])
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "--since %s comes after --at %s", since, at);
	window.at_s = history->at[to];
	window.at_unix_ns = history->unix_ns[to];
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		window.after[s] = history->total[s][to];
	if (since) {
		window.since_s = history->at[from];
		window.since_unix_ns = history->unix_ns[from];
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			window.before[s] = history->total[s][from];
	}
	r = apply(profile, to, from, &window, fault);
	if (r == 0)
		*ret_window = window;
	return r;
}

/*
 * check - limits for CI: may this program's memory be what it is?
 *
 * What is in use at the end of a process that ended by itself is what it never freed. Of
 * one that lives or was killed that says nothing, so there the growth of what the
 * audit finds to leak takes its place.
 */
#include "analyzer/check/check.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/check/check_result.h"
#include "analyzer/profile/history.h"
#include "analyzer/profile/report.h"

#define SIGMAS_95 1.96
#define CONFIDENT 0.5 /* an audit below that does not fail a build */

struct check_result *check_result_new(struct check *check, const char *name,
				      bool is_bytes)
{
	struct check_result *result = &check->results[check->count++];

	memset(result, 0, sizeof(*result));
	snprintf(result->name, sizeof(result->name), "%s", name);
	result->is_bytes = is_bytes;
	return result;
}

void check_result_judge(struct check *check, struct check_result *result)
{
	result->passed = result->value - result->error <= result->limit;
	check->failed += !result->passed;
}

void check_result_name(struct check_result *result, size_t stack, double value)
{
	unsigned at = result->stacks_count;

	if (!(value > 0))
		return;
	while (at > 0 && result->stacks[at - 1].value < value)
		at--;
	if (at == CHECK_STACKS)
		return;
	if (result->stacks_count < CHECK_STACKS)
		result->stacks_count++;
	for (unsigned i = result->stacks_count - 1; i > at; i--)
		result->stacks[i] = result->stacks[i - 1];
	result->stacks[at] = (struct check_stack){ stack, value };
}

static double variance_of(const struct profile *profile, size_t stack,
			  enum profile_sample sample)
{
	return profile->variance ? profile->variance[stack][sample] : 0;
}

double check_total_error(const struct profile *profile, enum profile_sample sample)
{
	double variance = 0;

	for (size_t i = 0; i < profile->stacks_count; i++)
		variance += variance_of(profile, i, sample);
	return SIGMAS_95 * sqrt(fmax(0, variance));
}

static void check_what_is_left(const struct audit_target *target,
			       struct suppressions *suppressions,
			       struct check_result *result)
{
	const struct profile *profile = target->profile;
	double variance = 0;

	for (size_t i = 0; i < profile->stacks_count; i++) {
		double live = (double)profile->stacks[i].value[PROFILE_INUSE_SPACE];

		if (live <= 0 ||
		    suppressions_cover(suppressions, profile, target->symbols, i))
			continue;
		result->value += live;
		variance += variance_of(profile, i, PROFILE_INUSE_SPACE);
		check_result_name(result, i, live);
	}
	result->error = SIGMAS_95 * sqrt(fmax(0, variance));
	snprintf(result->detail, sizeof(result->detail),
		 "bytes that were never freed, at the process's end");
}

static void check_what_leaks(const struct audit_target *target,
			     struct suppressions *suppressions,
			     struct check_result *result)
{
	const struct audit *audit = target->audit;
	double seconds = audit->window_to_s - audit->window_from_s;

	for (size_t i = 0; i < audit->findings_count; i++) {
		const struct audit_finding *finding = &audit->findings[i];

		if (finding->verdict != AUDIT_LEAK || finding->confidence < CONFIDENT ||
		    suppressions_cover(suppressions, target->profile, target->symbols,
				       finding->stack))
			continue;
		result->value += finding->rate_bytes_per_s * seconds;
		check_result_name(result, finding->stack,
				  finding->rate_bytes_per_s * seconds);
	}
	snprintf(
		result->detail, sizeof(result->detail),
		"growth of what leaks, in %.3gs: the process %s, so what it holds is not "
		"all lost",
		seconds, target->profile->life == SEGMENT_LIVE ? "lives" : "was killed");
}

static void check_leak(const struct check_limits *limits,
		       const struct audit_target *target,
		       struct suppressions *suppressions, struct check *check)
{
	struct check_result *result = check_result_new(check, "max-leak", true);

	if (target->profile->life == SEGMENT_EXITED)
		check_what_is_left(target, suppressions, result);
	else
		check_what_leaks(target, suppressions, result);
	result->limit = (double)limits->leak_bytes;
	check_result_judge(check, result);
}

static void check_peak(const struct check_limits *limits,
		       const struct audit_target *target, struct check *check)
{
	struct check_result *result = check_result_new(check, "max-peak", true);
	const struct profile *profile = target->profile;

	result->value = (double)profile->peak_space;
	result->limit = (double)limits->peak_bytes;
	result->error = check_total_error(profile, PROFILE_INUSE_SPACE);
	snprintf(result->detail, sizeof(result->detail),
		 "highest bytes in use; heapring top --at peak has all of it");
	for (size_t i = 0; i < profile->stacks_count; i++)
		check_result_name(result, i,
				  (double)profile->stacks[i].value[PROFILE_INUSE_SPACE]);
	check_result_judge(check, result);
}

static int check_growth(const struct check_limits *limits,
			const struct audit_target *target,
			struct suppressions *suppressions, struct check *check,
			struct fault *fault)
{
	struct check_result *result = check_result_new(check, "max-growth", true);
	const struct audit *audit = target->audit;

	if (!target->profile->history)
		return fault_set(
			fault, FAULT_INPUT, -ENOENT,
			"check: --max-growth needs a history; this profile has none");
	for (size_t i = 0; i < audit->findings_count; i++) {
		const struct audit_finding *finding = &audit->findings[i];

		if ((finding->verdict != AUDIT_LEAK &&
		     finding->verdict != AUDIT_THREAD_LEAK) ||
		    finding->confidence < CONFIDENT ||
		    suppressions_cover(suppressions, target->profile, target->symbols,
				       finding->stack))
			continue;
		result->value += finding->rate_bytes_per_s * 60;
		check_result_name(result, finding->stack, finding->rate_bytes_per_s * 60);
	}
	result->limit = limits->growth_bytes_per_min;
	snprintf(result->detail, sizeof(result->detail),
		 "bytes a minute of what grows and goes on growing; the audit says %s, "
		 "confidence %.2f, of %zu slices",
		 audit_verdict_name(audit->verdict), audit->confidence, audit->slices);
	check_result_judge(check, result);
	return 0;
}

static const struct history_mark *find_mark(const struct history *history,
					    const char *name)
{
	for (size_t i = 0; history && i < history->marks_count; i++)
		if (strcmp(history->marks[i].name, name) == 0)
			return &history->marks[i];
	return NULL;
}

/* The stacks with the most allocations between two moments. */
static int name_churning(const struct profile *profile, double from_s, double to_s,
			 struct check_result *result)
{
	const struct history *history = profile->history;
	uint64_t *series = calloc(history->count, sizeof(*series));
	uint64_t *const wanted[PROFILE_SAMPLES] = { [PROFILE_ALLOC_OBJECTS] = series };

	if (!series)
		return -ENOMEM;
	for (size_t i = 0; i < profile->stacks_count; i++) {
		history_stack(history, i, wanted);
		check_result_name(result, i,
				  history_value(history, series, to_s) -
					  history_value(history, series, from_s));
	}
	free(series);
	return 0;
}

static int check_mark(const struct check_mark *limit, const struct audit_target *target,
		      struct check *check, struct fault *fault)
{
	const struct history *history = target->profile->history;
	const struct history_mark *mark = find_mark(history, limit->name);
	struct check_result *result;
	const uint64_t *allocs;
	double from_s, to_s, rounds, found;

	if (!mark || mark->count == 0)
		return fault_set(
			fault, FAULT_INPUT, -ENOENT,
			"check: --max-allocs-per %s: the program set no such mark "
			"(heapring_mark)",
			limit->name);
	result = check_result_new(check, "max-allocs-per", false);
	snprintf(result->name, sizeof(result->name), "max-allocs-per %.40s", limit->name);
	allocs = history->total[PROFILE_ALLOC_OBJECTS];
	from_s = mark->first_s;
	to_s = mark->count > 1 ? mark->last_s : history->at[history->count - 1];
	rounds = mark->count > 1 ? (double)(mark->count - 1) : 1;
	found = history_value(history, allocs, to_s) -
		history_value(history, allocs, from_s);
	result->value = found / rounds;
	result->limit = limit->allocs;
	result->error =
		check_total_error(target->profile, PROFILE_ALLOC_OBJECTS) / rounds;
	snprintf(result->detail, sizeof(result->detail),
		 "%.0f allocations between the first and the last of %.0f marks", found,
		 (double)mark->count);
	check_result_judge(check, result);
	return name_churning(target->profile, from_s, to_s, result) == 0
		       ? 0
		       : fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				   limit->name);
}

int check_run(const struct check_limits *limits, const struct audit_target *target,
	      struct suppressions *suppressions, struct check *ret, struct fault *fault)
{
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	if (limits->has_leak)
		check_leak(limits, target, suppressions, ret);
	if (limits->has_peak)
		check_peak(limits, target, ret);
	if (limits->has_growth)
		r = check_growth(limits, target, suppressions, ret, fault);
	for (unsigned i = 0; r == 0 && i < limits->marks_count; i++)
		r = check_mark(&limits->marks[i], target, ret, fault);
	if (r == 0 && limits->baseline)
		check_baseline(limits, target, ret);
	return r;
}

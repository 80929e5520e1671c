/*
 * audit_steps - the check list, one finding a step, in the order of a person's
 *
 * What would need something else (a live process, an endpoint) says so instead of being
 * left out: the list is always the same.
 */
#include "analyzer/audit/audit_words.h"

#include <math.h>
#include <string.h>

#include "analyzer/audit/audit_pattern.h"
#include "analyzer/console/units.h"

static struct units_text bytes(double value)
{
	return units_bytes((uint64_t)fmax(0, fmin(value, 9e18)));
}

static struct units_text count(double value)
{
	return units_count((uint64_t)fmax(0, fmin(value, 9e18)));
}

static struct units_text some(double value, const char *one)
{
	return units_counted((uint64_t)fmax(0, fmin(round(value), 9e18)), one);
}

/* As a whole it may level off while a part of it goes on. */
static bool goes_on_rising(const struct audit_decision *decision)
{
	return decision->verdict == AUDIT_LEAK || decision->verdict == AUDIT_THREAD_LEAK;
}

static void heap_trend(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit_step *step)
{
	char text[AUDIT_TREND];
	const char *no_trend = audit_no_trend(facts, text);
	const char *const kinds[] = { no_trend,
				      no_trend,
				      "rises and goes on rising",
				      goes_on_rising(decision)
					      ? "as a whole rose less and less"
					      : "rose and levels off",
				      "rises and falls back again and again",
				      "falls after its start" };
	const double *live = facts->total.value[PROFILE_INUSE_SPACE];

	step->is_known = facts->shape.kind != SHAPE_SHORT;
	audit_text(step->finding, sizeof(step->finding),
		   "live bytes: %s (%s to %s in %s, %s with allocations)",
		   kinds[facts->shape.kind], bytes(live[0]).text,
		   bytes(live[facts->window.count - 1]).text,
		   audit_span(audit_facts_seconds(facts), 3).text,
		   some((double)facts->window.count, "slice").text);
}

static void allocation_rate(const struct audit_facts *facts,
			    const struct audit_churn *churn, struct audit_step *step)
{
	double seconds = audit_facts_seconds(facts), allocs = 0, all = 0;

	for (size_t i = 0; i < facts->functions_count; i++) {
		allocs += facts->functions[i].allocs / seconds;
		all += facts->functions[i].alloc_bytes / seconds;
	}
	step->is_known = true;
	audit_text(step->finding, sizeof(step->finding),
		   "%s and %s a second; %.0f%% of the blocks die young "
		   "(within %u ms)",
		   some(allocs, "block").text, bytes(all).text,
		   100 * churn->temporary_share, (unsigned)HR_LIFETIME_MS(0));
}

static void allocator_activity(const struct audit_facts *facts,
			       const struct audit_decision *decision,
			       struct audit_step *step)
{
	const struct audit_surroundings *around = facts->around;
	const struct audit_sample *first = around->samples, *last;
	double seconds;

	if (around->samples_count == 0 && decision->held_bytes >= 0) {
		step->is_known = true;
		audit_text(step->finding, sizeof(step->finding),
			   "%s resident and not the profiler's when it ended, %s of it "
			   "not live",
			   bytes(decision->held_beside + decision->held_bytes).text,
			   bytes(decision->held_bytes).text);
		return;
	}
	if (around->samples_count == 0) {
		audit_text(step->finding, sizeof(step->finding),
			   "not known: page faults and resident memory are the kernel's "
			   "to tell, of a live process");
		return;
	}
	last = &around->samples[around->samples_count - 1];
	seconds = last->at_s - first->at_s;
	step->is_known = true;
	if (seconds < 0.2)
		audit_text(step->finding, sizeof(step->finding),
			   "%s resident and not the profiler's, %s of it not live; "
			   "--duration tells page faults a second",
			   bytes((double)last->rss_bytes).text,
			   bytes(decision->held_bytes).text);
	else
		audit_text(step->finding, sizeof(step->finding),
			   "%s resident, %s of it not live; %s page faults a second, "
			   "%.0f%% of a core",
			   bytes((double)last->rss_bytes).text,
			   bytes(decision->held_bytes).text,
			   count((double)(last->faults - first->faults) / seconds).text,
			   100 * (last->cpu_s - first->cpu_s) / seconds);
}

/* Threads that ever made an allocator event, and slots: alive at once at most. */
static void count_threads(const struct segment *segment, double *ret_ever,
			  double *ret_slots)
{
	*ret_ever = *ret_slots = 0;
	for (uint32_t i = 0; i < segment->threads_count; i++) {
		if (!segment->threads[i].used)
			continue;
		*ret_ever += (double)segment->threads[i].owners;
		*ret_slots += 1;
	}
}

/* Who never allocates has no slot: a thread that only waits, for one. */
static void thread_count(const struct audit_facts *facts, const struct audit_churn *churn,
			 struct audit_step *step)
{
	const struct audit_surroundings *around = facts->around;
	double ever, slots;
	char now[64] = "", created[96] = "";

	count_threads(facts->profile->segment, &ever, &slots);
	if (around->samples_count > 0)
		audit_text(
			now, sizeof(now), "%s now; ",
			some(around->samples[around->samples_count - 1].threads, "thread")
				.text);
	if (churn->threads_created > 0)
		audit_text(created, sizeof(created), "%s created, %s of them ended; ",
			   some(churn->threads_created, "thread").text,
			   count(churn->threads_ended).text);
	step->is_known = true;
	audit_text(step->finding, sizeof(step->finding),
		   "%s%sthreads that allocated: %s since the start, at most about %.0f "
		   "at once",
		   now, created, count(ever).text, slots);
}

static void queues(const struct audit_surroundings *around, struct audit_step *step)
{
	double before, after, busy0, busy, workers, lag = 0, elapsed;
	char lag_text[64] = "", use[96] = "";

	if (!around->has_metrics) {
		audit_text(step->finding, sizeof(step->finding),
			   "not known: give a Prometheus endpoint with --metrics URL");
		return;
	}
	step->is_known = true;
	if (!metrics_sum(&around->last, "queue_messages", &after) &&
	    !metrics_sum(&around->last, "queue_length", &after) &&
	    !metrics_sum(&around->last, "queue_size", &after)) {
		audit_text(step->finding, sizeof(step->finding),
			   "the endpoint has %zu metrics, but none named like a queue's "
			   "length",
			   around->last.count);
		return;
	}
	if (!metrics_sum(&around->first, "queue_messages", &before) &&
	    !metrics_sum(&around->first, "queue_length", &before) &&
	    !metrics_sum(&around->first, "queue_size", &before))
		before = after;
	elapsed = around->samples_count > 1
			  ? around->samples[around->samples_count - 1].at_s
			  : 0;
	if (elapsed > 0.2 &&
	    metrics_sum(&around->first, "worker_busy_seconds_total", &busy0) &&
	    metrics_sum(&around->last, "worker_busy_seconds_total", &busy) &&
	    metrics_sum(&around->last, "workers", &workers) && workers > 0)
		audit_text(use, sizeof(use), "; workers are busy %.0f%% of the time",
			   100 * (busy - busy0) / elapsed / workers);
	if (metrics_sum(&around->last, "lag", &lag))
		audit_text(lag_text, sizeof(lag_text), "; lag %s", count(lag).text);
	audit_text(step->finding, sizeof(step->finding), "queues hold %s (%s before)%s%s",
		   count(after).text, count(before).text, use, lag_text);
}

static const struct audit_function *most(const struct audit_facts *facts, bool live)
{
	const struct audit_function *best = NULL;

	for (size_t i = 0; i < facts->functions_count; i++) {
		const struct audit_function *function = &facts->functions[i];

		if (!best || (live ? function->live_bytes > best->live_bytes
				   : function->alloc_bytes > best->alloc_bytes))
			best = function;
	}
	return best;
}

static void heap_profile(const struct audit_facts *facts, struct audit_step *step)
{
	const struct audit_function *best = most(facts, true);
	double all = facts->total.value[PROFILE_INUSE_SPACE][facts->window.count - 1];

	step->is_known = best != NULL;
	if (!best)
		audit_text(step->finding, sizeof(step->finding), "nothing was allocated");
	else
		audit_text(step->finding, sizeof(step->finding),
			   "%s holds the most: %s in %s, %s of live bytes",
			   audit_function_name(best), bytes(best->live_bytes).text,
			   some(best->live_objects, "block").text,
			   units_percent(best->live_bytes, fmax(all, best->live_bytes))
				   .text);
}

static void allocation_profile(const struct audit_facts *facts, struct audit_step *step)
{
	const struct audit_function *best = most(facts, false);
	double all = 0;

	for (size_t i = 0; i < facts->functions_count; i++)
		all += facts->functions[i].alloc_bytes;
	step->is_known = best != NULL;
	if (!best)
		audit_text(step->finding, sizeof(step->finding), "nothing was allocated");
	else
		audit_text(step->finding, sizeof(step->finding),
			   "%s allocates the most: %s in %s, %s of all in that time",
			   audit_function_name(best), bytes(best->alloc_bytes).text,
			   some(best->allocs, "block").text,
			   units_percent(best->alloc_bytes, all).text);
}

static void thread_dump(const struct audit_facts *facts, struct audit_step *step)
{
	const struct audit_function *best = NULL;
	double live = 0;

	for (size_t i = 0; i < facts->functions_count; i++) {
		const struct audit_function *function = &facts->functions[i];

		if (!function->is_thread_create || function->live_objects <= 0)
			continue;
		live += function->live_objects;
		if (!best || function->live_objects > best->live_objects)
			best = function;
	}
	step->is_known = true;
	if (!best)
		audit_text(step->finding, sizeof(step->finding),
			   "no thread was created besides the first that still has its "
			   "stack");
	else
		audit_text(step->finding, sizeof(step->finding),
			   "%s %s a stack; %s created %.0f of them",
			   some(live, "thread").text, round(live) == 1 ? "holds" : "hold",
			   audit_function_name(best), best->live_objects);
}

static void category(const struct audit *audit, struct audit_step *step)
{
	const char *name = audit_verdict_name(audit->verdict);

	step->is_known = true;
	if (audit->pattern != AUDIT_PATTERN_NONE)
		audit_text(step->finding, sizeof(step->finding), "%s: %s%s%s", name,
			   audit_pattern_name(audit->pattern),
			   audit->has_site ? " in " : "",
			   audit->has_site ? audit->findings[0].function : "");
	else
		audit_text(step->finding, sizeof(step->finding), "%s", name);
}

void audit_steps_fill(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	static const char *const names[AUDIT_STEPS] = {
		"heap trend",         "allocation rate",    "allocator and page faults",
		"thread count",       "queues and workers", "heap profile",
		"allocation profile", "thread dump",        "category"
	};
	struct audit_step *step = audit->steps;

	for (unsigned i = 0; i < AUDIT_STEPS; i++)
		step[i].step = names[i];
	heap_trend(facts, decision, step++);
	allocation_rate(facts, &decision->churn, step++);
	allocator_activity(facts, decision, step++);
	thread_count(facts, &decision->churn, step++);
	queues(facts->around, step++);
	heap_profile(facts, step++);
	allocation_profile(facts, step++);
	thread_dump(facts, step++);
	category(audit, step);
}

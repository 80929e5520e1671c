/*
 * audit_held - resident memory that no live block needs
 */
#include "analyzer/audit/audit_held.h"

#include <math.h>

#define HELD_PEAK 0.7 /* live now over live at the peak */
#define HELD_LIVE 1.6 /* resident over live */
#define HELD_RSS 0.5  /* resident over live at the peak */
#define HELD_BYTES (8.0 * (1 << 20))
#define KEEPER_SHARE 0.5 /* of the blocks that live */

/* The most that lived in the last tenth of the window; of one that was cut short, what
 * lives now: what was cut off came after it. */
static double highest_lately(const struct audit_facts *facts)
{
	const double *series = facts->total.value[PROFILE_INUSE_SPACE];
	size_t count = facts->window.count;
	bool cut = facts->window.idle_s + facts->window.teardown_s > 0;
	double highest = 0;

	if (cut && facts->profile->life != SEGMENT_EXITED)
		return (double)facts->profile->total[PROFILE_INUSE_SPACE];
	for (size_t i = count - (count + 9) / 10; i < count; i++)
		highest = fmax(highest, series[i]);
	return highest;
}

/*
 * Of a process that ended it is what was resident
 * at its exit, after its tear-down, which may have given some of it back: what lived is
 * that of the work before.
 */
bool audit_held_find(const struct audit_facts *facts, double *ret_held, double *ret_live)
{
	const struct audit_surroundings *around = facts->around;
	const struct heapring_header *header = &facts->profile->segment->header;
	const double *series = facts->total.value[PROFILE_INUSE_SPACE];
	double rss = (double)header->resident_bytes;

	*ret_live = (double)facts->profile->total[PROFILE_INUSE_SPACE];
	if (around->samples_count > 0)
		rss = (double)around->samples[around->samples_count - 1].rss_bytes;
	else if (facts->profile->life == SEGMENT_EXITED)
		*ret_live = fmax(*ret_live, series[facts->window.count - 1]);
	*ret_held = rss > 0 ? fmax(0, rss - *ret_live) : -1;
	return rss > 0;
}

bool audit_held_is_much(const struct audit_facts *facts, double held, double live)
{
	double peak = (double)facts->profile->peak_space, rss = held + live;

	return live <= HELD_PEAK * peak && highest_lately(facts) <= HELD_PEAK * peak &&
	       rss >= HELD_LIVE * live + HELD_BYTES && rss >= HELD_RSS * peak;
}

bool audit_held_may_be_much(const struct audit_facts *facts)
{
	double peak = (double)facts->profile->peak_space, held, live;

	return facts->profile->life == SEGMENT_KILLED &&
	       !audit_held_find(facts, &held, &live) &&
	       audit_held_is_much(facts, peak - live, live);
}

double audit_held_certainty(double held, double live)
{
	return fmin(1, 0.6 + 0.1 * (held + live) / (live + HELD_BYTES));
}

/* A block keeps a page, whatever its size. */
const struct audit_function *audit_held_keeper(const struct audit_facts *facts)
{
	const struct audit_function *most = NULL;
	double all = 0;

	for (size_t i = 0; i < facts->functions_count; i++) {
		const struct audit_function *function = &facts->functions[i];

		all += function->live_objects;
		if (!most || function->live_objects > most->live_objects)
			most = function;
	}
	return most && most->live_objects >= KEEPER_SHARE * all ? most : NULL;
}

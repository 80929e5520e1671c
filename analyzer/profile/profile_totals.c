/*
 * profile_totals - what a profile adds up to, and how much of it can be trusted
 *
 * Apart from profile.c because profiles that were read from another format end
 * here too. Also the names of the sample types.
 */
#include "analyzer/profile/profile.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define FIGURES_MAX (1ull << 62)

/* False when a sum grows past what any process could have counted. */
static bool add_stacks(struct profile *profile)
{
	struct profile_coverage *coverage = &profile->coverage;
	uint64_t complete = 0, all;

	for (size_t i = 0; i < profile->stacks_count; i++) {
		const struct profile_stack *stack = &profile->stacks[i];
		enum heapring_end end = segment_node_end(profile->segment, stack->node);
		uint64_t allocs = stack->value[PROFILE_ALLOC_OBJECTS];

		for (int s = 0; s < PROFILE_SAMPLES; s++) {
			if (stack->value[s] >= FIGURES_MAX - profile->total[s])
				return false;
			profile->total[s] += stack->value[s];
		}
		if (stack->node >= HR_NODE_FIRST && end <= HR_END_COMPLETE)
			complete += allocs;
		if (end == HR_END_DEPTH)
			coverage->truncated += allocs;
		if (end == HR_END_OVERFLOW)
			coverage->overflow += allocs;
	}
	all = profile->total[PROFILE_ALLOC_OBJECTS];
	coverage->incomplete = all - complete;
	coverage->stacks_complete_pct =
		all ? 100.0 * (double)complete / (double)all : 100.0;
	return true;
}

static void add_threads(struct profile *profile)
{
	const struct segment *segment = profile->segment;
	int64_t peak = segment->header.peak_bytes;
	uint32_t threads = 0;

	for (uint32_t i = 0; i < segment->threads_count; i++) {
		const struct heapring_thread *thread = &segment->threads[i];

		if (!thread->used)
			continue;
		threads++;
		profile->coverage.missed_frees += thread->missed_frees;
		profile->coverage.untracked_frees += thread->untracked_frees;
		profile->coverage.bypassed += thread->bypassed;
		profile->coverage.dropped += thread->dropped;
	}
	profile->coverage.dropped += segment->header.dropped;
	profile->coverage.unprofiled_children = segment->header.unprofiled_children;
	profile->peak_error =
		segment->header.peak_error * (uint64_t)(threads > 1 ? threads : 0);
	profile->peak_space = peak > 0 ? (uint64_t)peak : 0;
	if (profile->peak_space < profile->total[PROFILE_INUSE_SPACE])
		profile->peak_space = profile->total[PROFILE_INUSE_SPACE];
}

int profile_add_up(struct profile *profile, const char *path, struct fault *fault)
{
	if (!add_stacks(profile))
		return fault_set(
			fault, FAULT_INPUT, -EINVAL,
			"%s is damaged: it counts more than any process can have "
			"allocated",
			path);
	add_threads(profile);
	return 0;
}

const char *profile_thread_name(const struct profile *profile, uint32_t thread)
{
	if (thread == 0 || thread > profile->segment->threads_count)
		return "";
	return profile->segment->threads[thread - 1].name;
}

static const char *const sample_names[PROFILE_SAMPLES] = { "inuse_space", "inuse_objects",
							   "alloc_space",
							   "alloc_objects" };

void profile_detail_add(struct profile_detail *to, const struct profile_detail *from)
{
	for (unsigned i = 0; i < HR_LIFETIMES; i++)
		to->lifetime[i] += from->lifetime[i];
	for (unsigned i = 0; i < HR_SIZES; i++)
		to->size[i] += from->size[i];
	to->foreign_frees += from->foreign_frees;
	to->foreign_bytes += from->foreign_bytes;
	to->slack.bytes += from->slack.bytes;
	to->slack.low += from->slack.low;
	to->slack.high += from->slack.high;
}

static void take(uint64_t *to, uint64_t figure, double scale)
{
	*to -= (uint64_t)llround((double)figure * scale);
}

/* What the slack grew by is least when it was greatest before. */
static void subtract_slack(struct profile_slack *to, const struct profile_slack *from,
			   double scale)
{
	take(&to->bytes, from->bytes, scale);
	take(&to->low, from->high, scale);
	take(&to->high, from->low, scale);
}

void profile_detail_subtract(struct profile_detail *to, const struct profile_detail *from,
			     const double scale[PROFILE_SAMPLES])
{
	for (unsigned i = 0; i < HR_LIFETIMES; i++)
		take(&to->lifetime[i], from->lifetime[i], scale[PROFILE_ALLOC_OBJECTS]);
	for (unsigned i = 0; i < HR_SIZES; i++)
		take(&to->size[i], from->size[i], scale[PROFILE_ALLOC_OBJECTS]);
	take(&to->foreign_frees, from->foreign_frees, scale[PROFILE_ALLOC_OBJECTS]);
	take(&to->foreign_bytes, from->foreign_bytes, scale[PROFILE_ALLOC_SPACE]);
	subtract_slack(&to->slack, &from->slack, scale[PROFILE_INUSE_SPACE]);
}

bool profile_detail_has_frees(const struct profile_detail *detail)
{
	for (unsigned i = 0; i < HR_LIFETIMES; i++)
		if (detail->lifetime[i])
			return true;
	return detail->foreign_frees != 0;
}

const char *profile_sample_name(enum profile_sample sample)
{
	return sample_names[sample];
}

bool profile_sample_parse(const char *name, enum profile_sample *ret_sample)
{
	for (int i = 0; i < PROFILE_SAMPLES; i++) {
		if (strcmp(name, sample_names[i]) != 0)
			continue;
		*ret_sample = (enum profile_sample)i;
		return true;
	}
	return false;
}

bool profile_sample_is_bytes(enum profile_sample sample)
{
	return sample == PROFILE_INUSE_SPACE || sample == PROFILE_ALLOC_SPACE;
}

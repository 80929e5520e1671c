/*
 * profile - the stacks of one process and what they hold
 *
 * Sites become parts: a site's sum, or, by thread, each of its shares. Ordered by
 * node and thread, equal neighbours are one stack: the sites of one node (one for
 * each sampling rate) and the threads of one name.
 *
 * Units. A sampled site counts objects in 1/HR_OBJECT_UNIT, so its sum is
 * divided once, after adding all threads, to lose nothing to rounding.
 */
#include "analyzer/profile/profile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/history.h"
#include "analyzer/profile/history_ring.h"
#include "analyzer/profile/profile_figures.h"
#include "analyzer/profile/slack.h"
#include "analyzer/segment/site_sums.h"

struct part {
	uint32_t node, thread, site;
	uint32_t share; /* index, by thread only */
};

static bool is_wanted(const struct profile *profile, uint32_t site)
{
	return site_is_mapping(profile->segment, site) == profile->wants.mappings;
}

uint32_t profile_node_of(const struct segment *segment, uint32_t site)
{
	if (site == HR_SITE_OVERFLOW)
		return HR_END_OVERFLOW;
	if (site >= segment->sites_count || !segment->sites[site].ready)
		return HR_NODE_ROOT;
	return segment->sites[site].node;
}

/* Hostile figures aside, frees never pass allocs (S3). */
static uint64_t at_least_zero(int64_t live)
{
	return live > 0 ? (uint64_t)live : 0;
}

/*
 * Of a site's variance a part gets what it has of the value. At the peak no sum was
 * kept; what was in use then is taken to vary as what was allocated does.
 */
static void add_variance(double *to, const struct site_variance *from,
			 const struct site_sum *site, const struct site_sum *part,
			 bool at_peak)
{
	double bytes = site_sums_finite(from->alloc_bytes - from->free_bytes);
	double objects = site_sums_finite(from->alloc_objects - from->free_objects);
	double live_bytes = (double)part->live_bytes, live = (double)part->live;

	if (at_peak) {
		bytes = from->alloc_bytes * figures_share((double)site->live_bytes,
							  (double)site->alloc_bytes);
		objects = from->alloc_objects *
			  figures_share((double)site->live, (double)site->allocs);
	}
	to[PROFILE_INUSE_SPACE] +=
		bytes * figures_share(live_bytes, (double)site->live_bytes);
	to[PROFILE_INUSE_OBJECTS] += objects * figures_share(live, (double)site->live);
	to[PROFILE_ALLOC_SPACE] +=
		from->alloc_bytes *
		figures_share((double)part->alloc_bytes, (double)site->alloc_bytes);
	to[PROFILE_ALLOC_OBJECTS] +=
		from->alloc_objects *
		figures_share((double)part->allocs, (double)site->allocs);
}

static void add_detail(struct profile_detail *to, const struct site_detail *from)
{
	for (unsigned i = 0; i < HR_LIFETIMES; i++)
		to->lifetime[i] += from->lifetime[i];
	for (unsigned i = 0; i < HR_SIZES; i++)
		to->size[i] += from->size[i];
}

/* By thread all of it is of the thread itself: what it allocated, and what it freed. */
static void add_share_detail(struct profile_detail *to, const struct site_sums *sums,
			     size_t number, bool sampled)
{
	add_detail(to, &sums->share_details[number]);
	to->foreign_frees += figures_objects(sums->shares[number].foreign, sampled);
	to->foreign_bytes += sums->shares[number].foreign_bytes;
}

static void add_part(struct profile *profile, size_t at, const struct site_sums *sums,
		     const struct part *part)
{
	const struct site_sum *site = &sums->sums[part->site];
	const struct site_sum *sum =
		profile->wants.by_thread ? &sums->shares[part->share].sum : site;
	uint64_t *value = profile->stacks[at].value;
	bool sampled = site_is_sampled(profile->segment, part->site);

	value[PROFILE_INUSE_SPACE] += at_least_zero(sum->live_bytes);
	value[PROFILE_INUSE_OBJECTS] +=
		figures_objects(at_least_zero(sum->live), sampled);
	value[PROFILE_ALLOC_SPACE] += sum->alloc_bytes;
	value[PROFILE_ALLOC_OBJECTS] += figures_objects(sum->allocs, sampled);
	if (sampled && profile->variance)
		add_variance(profile->variance[at], &sums->variances[part->site], site,
			     sum, profile->wants.at_peak);
	if (profile->details && profile->wants.by_thread)
		add_share_detail(&profile->details[at], sums, part->share, sampled);
	else if (profile->details)
		add_detail(&profile->details[at], &sums->details[part->site]);
}

static int by_node_then_thread(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return (x->site > y->site) - (x->site < y->site);
}

static bool same_stack(const struct part *x, const struct part *y)
{
	return x->node == y->node && x->thread == y->thread;
}

/* Threads of one name are one: the number of the first slot of that name, plus 1. */
static uint32_t thread_of(const struct segment *segment, uint32_t slot)
{
	uint32_t first = 0;

	if (slot >= segment->threads_count)
		return 0;
	while (strcmp(segment->threads[first].name, segment->threads[slot].name) != 0)
		first++;
	return first + 1;
}

/*
 * Shares that allocated nothing have nothing left once they are settled, but for what
 * they freed.
 */
static bool has_any(const struct site_sums *sums, size_t share)
{
	return sums->shares[share].sum.allocs ||
	       (sums->share_details && sums->shares[share].foreign);
}

static size_t parts_by_thread(const struct profile *profile, struct site_sums *sums,
			      struct part *parts)
{
	uint32_t threads[HR_THREADS_MAX];
	size_t count = 0, n;

	for (uint32_t slot = 0; slot < HR_THREADS_MAX; slot++)
		threads[slot] = thread_of(profile->segment, slot);
	for (size_t i = 0; i < sums->shares_count; i += n) {
		uint32_t site = sums->shares[i].site;

		for (n = 1; i + n < sums->shares_count;)
			if (sums->shares[i + n].site == site)
				n++;
			else
				break;
		if (!is_wanted(profile, site))
			continue;
		site_shares_settle(&sums->shares[i], n);
		for (size_t s = i; s < i + n; s++)
			if (has_any(sums, s))
				parts[count++] = (struct part){
					profile_node_of(profile->segment, site),
					threads[sums->shares[s].slot % HR_THREADS_MAX],
					site, (uint32_t)s
				};
	}
	return count;
}

static size_t parts_by_site(const struct profile *profile, const struct site_sums *sums,
			    struct part *parts)
{
	size_t count = 0;

	for (uint32_t site = 0; site < sums->count; site++)
		if (sums->sums[site].allocs && is_wanted(profile, site))
			parts[count++] =
				(struct part){ profile_node_of(profile->segment, site), 0,
					       site, 0 };
	return count;
}

/* Arrays with one entry for each stack. */
static int make_room(struct profile *profile, const struct site_sums *sums, size_t count)
{
	profile->stacks = calloc(count + 1, sizeof(*profile->stacks));
	if (sums->variances)
		profile->variance = calloc(count + 1, sizeof(*profile->variance));
	if (sums->details)
		profile->details = calloc(count + 1, sizeof(*profile->details));
	profile->stacks_count = count;
	return profile->stacks && (!sums->variances || profile->variance) &&
			       (!sums->details || profile->details)
		       ? 0
		       : -ENOMEM;
}

static int fill_stacks(struct profile *profile, const struct site_sums *sums,
		       const struct part *parts, size_t parts_count)
{
	size_t count = parts_count > 0, at = 0;
	int r;

	for (size_t i = 1; i < parts_count; i++)
		count += !same_stack(&parts[i], &parts[i - 1]);
	r = make_room(profile, sums, count);
	for (size_t i = 0; r == 0 && i < parts_count; i++) {
		at += i > 0 && !same_stack(&parts[i], &parts[i - 1]);
		profile->stacks[at].node = parts[i].node;
		profile->stacks[at].thread = parts[i].thread;
		add_part(profile, at, sums, &parts[i]);
	}
	return r;
}

static int make_stacks(struct profile *profile, struct site_sums *sums)
{
	bool by_thread = profile->wants.by_thread;
	size_t most = by_thread ? sums->shares_count : sums->count, count;
	struct part *parts = malloc((most + 1) * sizeof(*parts));
	int r;

	if (!parts)
		return -ENOMEM;
	count = by_thread ? parts_by_thread(profile, sums, parts)
			  : parts_by_site(profile, sums, parts);
	qsort(parts, count, sizeof(*parts), by_node_then_thread);
	r = fill_stacks(profile, sums, parts, count);
	free(parts);
	return r;
}

size_t profile_stack_of(const struct profile *profile, uint32_t node)
{
	size_t low = 0, high = profile->stacks_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (profile->stacks[middle].node < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Shares are as they were counted here; by thread they are settled, see above. */
static void add_foreign(struct profile *profile, const struct site_sums *sums)
{
	for (size_t i = 0; profile->details && i < sums->shares_count; i++) {
		const struct site_share *share = &sums->shares[i];
		size_t at = profile_stack_of(
			profile, profile_node_of(profile->segment, share->site));
		bool sampled = site_is_sampled(profile->segment, share->site);

		if (at == profile->stacks_count || share->sum.live >= 0 ||
		    !is_wanted(profile, share->site))
			continue;
		profile->details[at].foreign_frees +=
			figures_objects(0 - (uint64_t)share->sum.live, sampled);
		if (share->sum.live_bytes < 0)
			profile->details[at].foreign_bytes +=
				0 - (uint64_t)share->sum.live_bytes;
	}
}

static int make(const struct target *target, struct profile *profile,
		struct site_sums *sums, const struct history_ring *ring,
		struct fault *fault)
{
	int r = make_stacks(profile, sums);

	if (r == 0) {
		if (!profile->wants.by_thread)
			add_foreign(profile, sums);
		if (profile_add_up(profile, target->path, fault) < 0)
			return -EINVAL;
		if (ring)
			r = history_new(profile, sums, ring, &profile->history);
	}
	if (r < 0)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				 target->path);
	return 0;
}

static int check_mappings(const struct target *target, const struct profile *profile,
			  struct fault *fault)
{
	if (!profile->wants.mappings || profile->segment->header.mappings)
		return 0;
	return fault_set(
		fault, FAULT_TARGET, -ENODATA,
		"%s has no mappings: they are recorded when the program is started "
		"with `heapring run --mmap` or HEAPRING_MMAP=1",
		target->path);
}

static int load(const struct target *target, struct profile *profile,
		struct site_sums *sums, struct fault *fault)
{
	struct history_ring *ring = NULL;
	int r = 0;

	/* before the counters, or values might be ahead of them */
	if (profile->wants.history)
		r = history_ring_read(target, &ring, fault);
	if (r == 0)
		r = site_sums_read(sums, target, &profile->segment, fault);
	if (r == 0)
		r = check_mappings(target, profile, fault);
	if (r == 0)
		r = make(target, profile, sums, ring, fault);
	if (r == 0 && profile->wants.slack && !profile->wants.history)
		r = slack_load(profile, fault);
	history_ring_free(ring);
	if (r == 0 && profile->wants.mappings)
		profile->peak_space = profile->peak_error = 0;
	return r;
}

int profile_load_with(const struct target *target, const struct profile_wants *wants,
		      struct profile **ret_profile, struct fault *fault)
{
	struct site_sums sums = { .at_peak = wants->at_peak,
				  .wants_shares = wants->by_thread || wants->details,
				  .wants_details = wants->details,
				  .wants_share_details =
					  wants->details && wants->by_thread };
	struct profile *profile = calloc(1, sizeof(*profile));
	int r;

	if (!profile)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				 target->path);
	profile->life = target->life;
	profile->wants = *wants;
	profile->wants.history = wants->history && !wants->at_peak && !wants->by_thread;
	r = load(target, profile, &sums, fault);
	site_sums_done(&sums);
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	*ret_profile = profile;
	return 0;
}

int profile_load(const struct target *target, struct profile **ret_profile,
		 struct fault *fault)
{
	const struct profile_wants wants = { 0 };

	return profile_load_with(target, &wants, ret_profile, fault);
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	segment_free(profile->segment);
	history_free(profile->history);
	free(profile->snapshot);
	free(profile->stacks);
	free(profile->variance);
	free(profile->details);
	free(profile);
}

/*
 * site_sums - the counters of a segment, added up by site
 *
 * Two passes at most. The first adds the plain figures; which sites are sampled
 * is not known yet then (segment_reader.c reads counters first). Variances and
 * sizes share a union that only the site's rate tells apart, so they are read in
 * a second pass, when they are needed at all.
 *
 * The peak. A counter that was touched since the present peak began noted what
 * it held then; one that was not still holds it. A peak that begins while the
 * counters are read has a greater id, and its note is the nearest there is.
 */
#include "analyzer/segment/site_sums.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int make_room(struct site_sums *sums, uint32_t site)
{
	uint32_t room = sums->count ? sums->count : 1024;
	struct site_sum *grown;

	if (site < sums->count)
		return 0;
	while (room <= site)
		room *= 2;
	grown = realloc(sums->sums, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + sums->count, 0, (room - sums->count) * sizeof(*grown));
	sums->sums = grown;
	sums->count = room;
	return 0;
}

static struct site_sum figures_of(const struct site_sums *sums,
				  const struct heapring_counter *counter)
{
	struct site_sum sum = { .allocs = counter->allocs,
				.alloc_bytes = counter->alloc_bytes };

	if (sums->at_peak && counter->peak_id && counter->peak_id >= sums->peak_id) {
		sum.live = counter->peak_objects;
		sum.live_bytes = counter->peak_bytes;
	} else {
		sum.live = (int64_t)(counter->allocs - counter->frees);
		sum.live_bytes = (int64_t)(counter->alloc_bytes - counter->free_bytes);
	}
	return sum;
}

static int keep_share(struct site_sums *sums, const struct site_share *share)
{
	if (sums->shares_count == sums->shares_room) {
		size_t room = sums->shares_room ? sums->shares_room * 2 : 1024;
		struct site_share *grown = realloc(sums->shares, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		sums->shares = grown;
		sums->shares_room = room;
	}
	sums->shares[sums->shares_count++] = *share;
	return 0;
}

static int64_t add_wrapping(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int add_counter(void *arg, uint32_t slot, uint32_t site,
		       const struct heapring_counter *counter)
{
	struct site_sums *sums = arg;
	struct site_share share = { .site = site,
				    .slot = slot,
				    .sum = figures_of(sums, counter) };
	struct site_sum *sum;
	int r = make_room(sums, site);

	if (r < 0)
		return r;
	sum = &sums->sums[site];
	sum->allocs += share.sum.allocs;
	sum->alloc_bytes += share.sum.alloc_bytes;
	sum->live = add_wrapping(sum->live, share.sum.live);
	sum->live_bytes = add_wrapping(sum->live_bytes, share.sum.live_bytes);
	return sums->wants_shares ? keep_share(sums, &share) : 0;
}

double site_sums_finite(double value)
{
	return isfinite(value) && value > 0 ? value : 0;
}

/* Of a site that is exact the union holds sizes, and nothing here is used. */
static void add_variance(struct site_variance *to, const struct heapring_counter *counter)
{
	to->alloc_bytes += site_sums_finite(counter->sampled.alloc_bytes_var);
	to->free_bytes += site_sums_finite(counter->sampled.free_bytes_var);
	to->alloc_objects += site_sums_finite(counter->sampled.alloc_objects_var);
	to->free_objects += site_sums_finite(counter->sampled.free_objects_var);
}

struct second_pass {
	struct site_sums *sums;
	const struct segment *segment;
};

static void add_detail(struct site_detail *to, const struct heapring_counter *counter,
		       bool sampled)
{
	for (unsigned i = 0; i < HR_LIFETIMES; i++)
		to->lifetime[i] += counter->lifetime[i];
	for (unsigned i = 0; i < HR_SIZES && !sampled; i++)
		to->size[i] += counter->size[i];
}

static int by_site_then_slot(const void *a, const void *b)
{
	const struct site_share *x = a, *y = b;

	if (x->site != y->site)
		return x->site < y->site ? -1 : 1;
	return (x->slot > y->slot) - (x->slot < y->slot);
}

/* NULL: the counter was not there in the first pass. */
static struct site_detail *detail_of_share(const struct site_sums *sums, uint32_t site,
					   uint32_t slot)
{
	const struct site_share key = { .site = site, .slot = slot };
	const struct site_share *found = NULL;

	if (sums->share_details)
		found = bsearch(&key, sums->shares, sums->shares_count, sizeof(key),
				by_site_then_slot);
	return found ? &sums->share_details[found - sums->shares] : NULL;
}

static int add_rest(void *arg, uint32_t slot, uint32_t site,
		    const struct heapring_counter *counter)
{
	const struct second_pass *pass = arg;
	struct site_sums *sums = pass->sums;
	bool sampled = site_is_sampled(pass->segment, site);
	struct site_detail *of_share;

	if (site >= sums->count)
		return 0;
	if (sums->variances && sampled)
		add_variance(&sums->variances[site], counter);
	if (sums->details)
		add_detail(&sums->details[site], counter, sampled);
	of_share = detail_of_share(sums, site, slot);
	if (of_share)
		add_detail(of_share, counter, sampled);
	return 0;
}

static bool has_sampled_sites(const struct segment *segment)
{
	for (uint32_t i = 0; i < segment->sites_count; i++)
		if (site_is_sampled(segment, i))
			return true;
	return false;
}

static int read_rest(struct site_sums *sums, const struct target *target,
		     const struct segment *segment, struct fault *fault)
{
	struct second_pass pass = { sums, segment };
	struct segment_visitor visitor = { .arg = &pass, .counter = add_rest };
	bool sampled = has_sampled_sites(segment);

	if (!sampled && !sums->wants_details)
		return 0;
	if (sampled)
		sums->variances =
			calloc((size_t)sums->count + 1, sizeof(*sums->variances));
	if (sums->wants_details)
		sums->details = calloc((size_t)sums->count + 1, sizeof(*sums->details));
	if (sums->wants_share_details)
		sums->share_details =
			calloc(sums->shares_count + 1, sizeof(*sums->share_details));
	if ((sampled && !sums->variances) || (sums->wants_details && !sums->details) ||
	    (sums->wants_share_details && !sums->share_details))
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				 target->path);
	return segment_visit(target->fd, target->path, &visitor, fault);
}

static double unit_of(const struct segment *segment, uint32_t site)
{
	return site_is_sampled(segment, site) ? HR_OBJECT_UNIT : 1;
}

static int64_t *live_of(struct site_sum *sum, bool bytes)
{
	return bytes ? &sum->live_bytes : &sum->live;
}

/*
 * A thread without room for a counter of its own at a site counts its frees at the
 * overflow site, which then has more of them than allocations. What is missing there
 * is taken from all other sites of the heap in proportion: the total stays right.
 */
static void settle_overflow(struct site_sums *sums, const struct segment *segment,
			    bool bytes)
{
	double total = 0, missing, part;

	if (sums->count <= HR_SITE_OVERFLOW)
		return;
	missing = -(double)*live_of(&sums->sums[HR_SITE_OVERFLOW], bytes);
	if (missing <= 0)
		return;
	*live_of(&sums->sums[HR_SITE_OVERFLOW], bytes) = 0;
	for (uint32_t i = HR_SITE_FIRST; i < sums->count; i++)
		if (!site_is_mapping(segment, i) && *live_of(&sums->sums[i], bytes) > 0)
			total += (double)*live_of(&sums->sums[i], bytes) /
				 (bytes ? 1 : unit_of(segment, i));
	part = missing < total ? missing / total : 1;
	for (uint32_t i = HR_SITE_FIRST; i < sums->count; i++) {
		int64_t *live = live_of(&sums->sums[i], bytes);
		double unit = bytes ? 1 : unit_of(segment, i);
		double less = fmin(round((double)*live / unit * part), missing);

		if (*live <= 0 || site_is_mapping(segment, i))
			continue;
		/* of what is left, so that rounding never adds up */
		total -= (double)*live / unit;
		missing -= less;
		*live -= (int64_t)(less * unit);
		part = total > 0 && missing < total ? missing / total : 1;
	}
}

int site_sums_read(struct site_sums *sums, const struct target *target,
		   struct segment **ret_segment, struct fault *fault)
{
	struct segment_visitor visitor = { .arg = sums, .counter = add_counter };
	struct segment *segment = NULL;
	int r;

	sums->peak_id = target->header.peak_id;
	r = segment_read(target->fd, target->path, target_is_live(target), &visitor,
			 &segment, fault);
	if (sums->shares_count > 0)
		qsort(sums->shares, sums->shares_count, sizeof(*sums->shares),
		      by_site_then_slot);
	if (r == 0)
		r = read_rest(sums, target, segment, fault);
	if (r < 0) {
		segment_free(segment);
		return r;
	}
	settle_overflow(sums, segment, /*bytes=*/false);
	settle_overflow(sums, segment, /*bytes=*/true);
	*ret_segment = segment;
	return 0;
}

void site_sums_done(struct site_sums *sums)
{
	free(sums->sums);
	free(sums->shares);
	free(sums->variances);
	free(sums->details);
	free(sums->share_details);
	memset(sums, 0, sizeof(*sums));
}

bool site_is_mapping(const struct segment *segment, uint32_t site)
{
	return site < segment->sites_count &&
	       segment->sites[site].kind == HR_KIND_MAPPINGS;
}

bool site_is_sampled(const struct segment *segment, uint32_t site)
{
	return site < segment->sites_count && segment->sites[site].ready &&
	       segment->sites[site].rate != 1;
}

static int64_t *figure(struct site_share *share, bool bytes)
{
	return bytes ? &share->sum.live_bytes : &share->sum.live;
}

static void settle(struct site_share *shares, size_t count, bool bytes)
{
	double own = 0, foreign = 0, part;

	for (size_t i = 0; i < count; i++) {
		double live = (double)*figure(&shares[i], bytes);

		own += live > 0 ? live : 0;
		foreign += live < 0 ? -live : 0;
	}
	part = own > 0 ? fmin(1, foreign / own) : 1;
	for (size_t i = 0; i < count; i++) {
		int64_t *live = figure(&shares[i], bytes);

		*live = *live > 0 ? (int64_t)ceil((double)*live * (1 - part)) : 0;
	}
}

/* What rounding up added is taken from whoever has it. */
static void take_back(struct site_share *shares, size_t count, bool bytes, int64_t wanted)
{
	int64_t excess = -(wanted > 0 ? wanted : 0);

	for (size_t i = 0; i < count; i++)
		excess = add_wrapping(excess, *figure(&shares[i], bytes));
	for (size_t i = 0; i < count && excess != 0; i++) {
		int64_t *live = figure(&shares[i], bytes);
		int64_t by = excess < *live ? excess : *live;

		*live = add_wrapping(*live, -by);
		excess -= by;
	}
}

void site_shares_settle(struct site_share *shares, size_t count)
{
	int64_t live = 0, live_bytes = 0;

	for (size_t i = 0; i < count; i++) {
		const struct site_sum *sum = &shares[i].sum;

		live = add_wrapping(live, sum->live);
		live_bytes = add_wrapping(live_bytes, sum->live_bytes);
		shares[i].foreign = sum->live < 0 ? 0 - (uint64_t)sum->live : 0;
		shares[i].foreign_bytes = sum->live < 0 && sum->live_bytes < 0
						  ? 0 - (uint64_t)sum->live_bytes
						  : 0;
	}
	settle(shares, count, /*bytes=*/false);
	settle(shares, count, /*bytes=*/true);
	take_back(shares, count, /*bytes=*/false, live);
	take_back(shares, count, /*bytes=*/true, live_bytes);
}

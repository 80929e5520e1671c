/*
 * slack - what blocks occupy beyond what was asked for
 */
#include "analyzer/profile/slack.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/machine/live_blocks.h"
#include "analyzer/machine/usable_size.h"

#define SMALL 9u /* from here on glibc's slack is at most 15 */
#define PAGE 4096u

struct site_slack {
	uint64_t blocks, bytes;
};

struct measuring {
	enum usable_rounding rounding;
	struct site_slack *sites;
	uint32_t count;
	struct process_words words;
};

static int measure_block(void *arg, const struct live_block *block)
{
	struct measuring *measuring = arg;
	struct usable_block found;

	if (block->site >= measuring->count ||
	    !usable_block(measuring->rounding, &measuring->words, block, &found))
		return 0;
	measuring->sites[block->site].blocks++;
	measuring->sites[block->site].bytes += found.usable - block->size;
	return 0;
}

/* From blocks of all sites of a stack's node to the stack. */
static int settle(struct profile *profile, const struct measuring *measuring)
{
	const struct segment *segment = profile->segment;
	struct site_slack *nodes =
		calloc((size_t)segment->nodes_count + HR_NODE_FIRST, sizeof(*nodes));

	for (uint32_t site = 0; nodes && site < segment->sites_count; site++) {
		uint32_t node = site == HR_SITE_OVERFLOW ? (uint32_t)HR_END_OVERFLOW
							 : segment->sites[site].node;

		if (node >= segment->nodes_count)
			continue;
		nodes[node].blocks += measuring->sites[site].blocks;
		nodes[node].bytes += measuring->sites[site].bytes;
	}
	for (size_t i = 0; nodes && i < profile->stacks_count; i++) {
		const struct profile_stack *stack = &profile->stacks[i];
		const struct site_slack *node = &nodes[stack->node];
		double mean =
			node->blocks ? (double)node->bytes / (double)node->blocks : 0;
		uint64_t bytes =
			(uint64_t)(mean * (double)stack->value[PROFILE_INUSE_OBJECTS] +
				   0.5);

		profile->details[i].slack = (struct profile_slack){ bytes, bytes, bytes };
	}
	free(nodes);
	return nodes ? 0 : -ENOMEM;
}

static int measure_all(struct profile *profile, struct measuring *measuring,
		       struct fault *fault)
{
	int r = live_blocks_each(&profile->segment->header, measure_block, measuring,
				 fault);

	if (r == 0 && settle(profile, measuring) < 0)
		r = fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for slack");
	return r;
}

static int measure(struct profile *profile, enum usable_rounding rounding,
		   struct fault *fault)
{
	const struct segment *segment = profile->segment;
	struct measuring *measuring = calloc(1, sizeof(*measuring));
	struct site_slack *sites =
		calloc((size_t)segment->sites_count + 1, sizeof(*sites));
	int r;

	if (measuring && sites) {
		measuring->rounding = rounding;
		measuring->words.pid = segment->header.pid;
		measuring->count = segment->sites_count;
		measuring->sites = sites;
		r = measure_all(profile, measuring, fault);
	} else {
		r = fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for slack");
	}
	profile->slack_measured = r == 0;
	free(sites);
	free(measuring);
	return r;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Sizes come a step apart. */
static uint64_t step_of(enum usable_rounding rounding, uint64_t size)
{
	if (rounding == USABLE_GLIBC)
		return size >= USABLE_MAPPED_FROM ? PAGE : 16;
	return usable_rounded(rounding, usable_rounded(rounding, size) + 1) -
	       usable_rounded(rounding, size);
}

static bool is_one_size(const struct profile_detail *detail)
{
	unsigned used = 0;

	for (unsigned i = 0; i < HR_SIZES; i++)
		used += detail->size[i] != 0;
	return used <= 1;
}

/*
 * All that is known: how many, how many bytes in all, and how many allocations of
 * the stack were smaller than 16 or larger than 64 Ki. One size only is likely when
 * the mean is whole; sizes that differ lose half a step each on average.
 */
static struct profile_slack estimate(uint64_t objects, uint64_t bytes,
				     enum usable_rounding rounding,
				     const struct profile_detail *detail)
{
	uint64_t least = rounding == USABLE_GLIBC ? 24 : 8;
	uint64_t mean = objects ? bytes / objects : 0;
	uint64_t small = smaller(objects, detail->size[0]);
	uint64_t large = smaller(objects, detail->size[HR_SIZES - 1]);
	struct profile_slack slack = { 0 };

	if (objects == 0)
		return slack;
	if (least * objects > bytes)
		slack.low = least * objects - bytes;
	slack.high = rounding == USABLE_GLIBC
			     ? 15 * objects + SMALL * small + PAGE * large
			     : 15 * objects + bytes / 4;
	if (slack.high < slack.low)
		slack.high = slack.low;
	slack.bytes = is_one_size(detail) && bytes % objects == 0
			      ? (usable_rounded(rounding, mean) - mean) * objects
			      : (step_of(rounding, mean) - 1) * objects / 2;
	if (slack.bytes < slack.low)
		slack.bytes = slack.low;
	slack.bytes = smaller(slack.bytes, slack.high);
	return slack;
}

/* Sampled stacks have no histogram: any of their objects may be small or large. */
static void estimate_all(struct profile *profile, enum usable_rounding rounding)
{
	for (size_t i = 0; i < profile->stacks_count; i++) {
		const uint64_t *value = profile->stacks[i].value;
		struct profile_detail detail = profile->details[i];
		uint64_t known = 0;

		for (unsigned s = 0; s < HR_SIZES; s++)
			known += detail.size[s];
		if (known < value[PROFILE_INUSE_OBJECTS]) {
			detail.size[0] = value[PROFILE_INUSE_OBJECTS];
			detail.size[HR_SIZES - 1] =
				value[PROFILE_INUSE_SPACE] / (64u << 10);
		}
		profile->details[i].slack =
			estimate(value[PROFILE_INUSE_OBJECTS], value[PROFILE_INUSE_SPACE],
				 rounding, &detail);
	}
}

int slack_load(struct profile *profile, struct fault *fault)
{
	const struct heapring_header *header = &profile->segment->header;
	enum usable_rounding rounding = usable_rounding_of(header);
	int r = 0;

	if (rounding == USABLE_UNKNOWN)
		return fault_set(fault, FAULT_TARGET, -ENOTSUP,
				 "how %s rounds sizes up is not known here; slack can be "
				 "told of glibc and jemalloc",
				 *header->allocator ? header->allocator
						    : "its allocator");
	profile->slack = (struct profile_slack){ 0 };
	if (profile->life == SEGMENT_LIVE && header->kind == 0 && header->live_table &&
	    !profile->wants.at_peak && !profile->wants.history)
		r = measure(profile, rounding, fault);
	if (!profile->slack_measured && r != -ENOMEM) {
		r = 0; /* not ours to look into, or just gone */
		estimate_all(profile, rounding);
	}
	for (size_t i = 0; r == 0 && i < profile->stacks_count; i++) {
		const struct profile_slack *slack = &profile->details[i].slack;

		profile->slack.bytes += slack->bytes;
		profile->slack.low += slack->low;
		profile->slack.high += slack->high;
	}
	return r;
}

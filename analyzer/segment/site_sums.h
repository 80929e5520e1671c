/*
 * site_sums - the counters of a segment, added up by site
 *
 * The step between the counters, of which there is one for each thread and site,
 * and the stacks of a profile.
 *
 * Contract
 *   - the heap's live figures add up to its total even where the budget was used up;
 *     by site they are then estimates;
 *   - live figures are those of the moment that was asked for, now or the peak;
 *   - objects of a sampled site are in units of 1/HR_OBJECT_UNIT;
 *   - shares are kept only when asked for, ordered by site and then slot;
 *   - sums wrap on a hostile file: wrong figures then, no undefined behaviour.
 */
#ifndef ANALYZER_SEGMENT_SITE_SUMS_H
#define ANALYZER_SEGMENT_SITE_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/segment/segment_reader.h"
#include "analyzer/segment/target.h"

struct site_sum {
	uint64_t allocs, alloc_bytes;
	int64_t live, live_bytes; /* below 0 in a share: frees of others' blocks */
};

struct site_share {
	uint32_t site, slot;
	struct site_sum sum;
	uint64_t foreign,
		foreign_bytes; /* freed beyond what it allocated; once settled */
};

struct site_variance {
	double alloc_bytes, free_bytes, alloc_objects, free_objects;
};

struct site_detail {
	uint64_t lifetime[HR_LIFETIMES];
	uint64_t size[HR_SIZES]; /* exact sites only */
};

struct site_sums {
	/* set by the caller */
	bool at_peak, wants_shares, wants_details, wants_share_details;
	uint32_t peak_id;
	struct site_sum *sums; /* by site */
	uint32_t count;
	struct site_share *shares;
	size_t shares_count, shares_room;
	struct site_variance *variances; /* by site; NULL: every site is exact */
	struct site_detail *details;     /* by site; NULL: not asked for */
	struct site_detail
		*share_details; /* by share: sizes of what the thread allocated,
				 * lifetimes of what it freed; NULL likewise */
};

/* Also reads everything else of the segment. Needs site_sums_done() always. */
int site_sums_read(struct site_sums *sums, const struct target *target,
		   struct segment **ret_segment, struct fault *fault);
void site_sums_done(struct site_sums *sums);

/* A segment may hold any bytes: 0 for what no variance can be. */
double site_sums_finite(double variance);

/* What is not complete counts as heap. */
bool site_is_mapping(const struct segment *segment, uint32_t site);
bool site_is_sampled(const struct segment *segment, uint32_t site);

/*
 * Frees of one site's shares that the same thread did not allocate lower other
 * threads' shares instead, in proportion, so that none is negative and their sum
 * stays what it was. They are noted in `foreign`.
 */
void site_shares_settle(struct site_share *shares, size_t count);

#endif

/*
 * stack_set - the stacks that a view shows, of one profile or of two compared
 *
 * Contract
 *   - stacks that go through the same places are one entry;
 *   - the values of a base are subtracted, so a value may be negative; base[]
 *     keeps what was subtracted;
 *   - of stacks that are one entry the first one's culprit is the entry's;
 *   - variances of both sides are added up;
 *   - memory is proportional to distinct stacks.
 */
#ifndef ANALYZER_VIEWS_STACK_SET_H
#define ANALYZER_VIEWS_STACK_SET_H

#include <stdint.h>

#include "analyzer/views/stack_view.h"

#define STACK_SET_NONE UINT32_MAX

struct stack_entry {
	size_t first;     /* in places, innermost first */
	uint32_t count;   /* of places, at least 1 */
	uint32_t culprit; /* of places, see stack_view_culprit() */
	uint32_t stacks;
	uint64_t hash;
	int64_t value[PROFILE_SAMPLES];
	int64_t base[PROFILE_SAMPLES];
	double variance[PROFILE_SAMPLES];
	struct profile_detail detail; /* less the base's; zero without details */
};

struct stack_set {
	struct stack_entry *entries;
	size_t count, room;
	uint32_t *places;
	size_t places_count, places_room;
	uint32_t *index;    /* hash table: entry + 1 */
	uint32_t *entry_of; /* by stack of the profile that was added; NONE: not shown */
	size_t index_size;
	bool has_variance;
};

/* Adds the stacks that pass the view's filters: of one profile. 0 or -ENOMEM. */
int stack_set_add(struct stack_set *set, const struct profile *profile,
		  struct stack_view *view);

/* The same, subtracted; each value is first multiplied by scale[]. */
int stack_set_subtract(struct stack_set *set, const struct profile *profile,
		       struct stack_view *view, const double *scale);

/* The entry of frames as stack_view_frames() gave them; NULL: it was not added. */
const struct stack_entry *stack_set_find(const struct stack_set *set,
					 const struct stack_frame *frames,
					 uint32_t count);

void stack_set_done(struct stack_set *set);

const uint32_t *stack_set_places(const struct stack_set *set,
				 const struct stack_entry *entry);

#endif

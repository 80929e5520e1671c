/*
 * audit_lives - what the lives of blocks that pile up say about why they stay
 *
 * The head of a queue. Blocks come at a rate a and go at s a, oldest first, 0 < s < 1.
 * After the time T the head is as old as T (1 - s), and what came out of it had any age
 * from 0 to that, as often: of all that were freed a part b / (T (1 - s)) was younger
 * than b. Where most are younger than a quarter of the head's age, they did not wait for
 * it.
 */
#include "analyzer/audit/audit_lives.h"

#include <math.h>

#define YOUNG_SHARE 0.5 /* of the blocks that died did so at once */
#define HEAD_PART 4.0   /* of the head's age, at least, that ages are compared with */
#define TOO_YOUNG 0.75  /* of those that died, in a quarter of the head's age */
#define GAVE_BACK 0.5   /* of what came in the first half was freed in it */
#define STOPPED 0.1     /* of what came in the last quarter was, at most */
#define ENDED 0.05      /* at most: of what lived before the tear-down is left */

/* Of the stack's blocks that were freed, those that were younger than the class. */
static double died_before(const struct audit_facts *facts, size_t stack, unsigned class)
{
	const struct profile_detail *details = facts->profile->details;
	double all = 0, young = 0;

	for (unsigned i = 0; details && i < HR_LIFETIMES; i++) {
		all += (double)details[stack].lifetime[i];
		young += i < class ? (double)details[stack].lifetime[i] : 0;
	}
	return all > 0 ? young / all : 0;
}

/* Classes of ages that end before a quarter of the age that a queue's head would have. */
static unsigned classes_before_head(const struct audit_facts *facts, double freed)
{
	double head = audit_facts_seconds(facts) * (1 - freed);
	unsigned class = 0;

	while (class < HR_LIFETIMES &&
	       (double)HR_LIFETIME_MS(class) / 1000 * HEAD_PART <= head)
		class ++;
	return class;
}

static bool die_too_young_for_a_queue(const struct audit_facts *facts, size_t stack,
				      double freed)
{
	return died_before(facts, stack, 1) >= YOUNG_SHARE ||
	       died_before(facts, stack, classes_before_head(facts, freed)) >= TOO_YOUNG;
}

/* Freed between two points, of what was allocated between them. */
static double freed_between(const struct audit_series *series, size_t from, size_t to)
{
	const double *allocs = series->value[PROFILE_ALLOC_OBJECTS];
	const double *live = series->value[PROFILE_INUSE_OBJECTS];
	double came = allocs[to] - allocs[from];

	return came > 0 ? (came - (live[to] - live[from])) / came : 0;
}

static bool have_stopped_to_be_freed(const struct audit_facts *facts, size_t stack)
{
	size_t last = facts->window.count - 1;
	struct audit_series series;

	if (!facts->history)
		return false;
	audit_facts_stack_series(facts, stack, &series);
	return freed_between(&series, 0, last / 2) >= GAVE_BACK &&
	       freed_between(&series, last - last / 4, last) <= STOPPED &&
	       series.value[PROFILE_ALLOC_OBJECTS][last] >
		       series.value[PROFILE_ALLOC_OBJECTS][last - last / 4];
}

bool audit_lives_end_with_it(const struct audit_facts *facts,
			     const struct audit_function *function, size_t stack,
			     double *ret_left)
{
	const struct profile *profile = facts->profile;
	bool whole = stack == AUDIT_NO_STACK;
	double live = whole ? function->live_objects : facts->stacks[stack].live_objects;

	*ret_left = 0;
	if (!facts->history || profile->segment->header.state != HR_STATE_EXITED)
		return false;
	for (size_t i = 0; i < profile->stacks_count; i++)
		if (whole ? &facts->functions[facts->stacks[i].function] == function
			  : i == stack)
			*ret_left +=
				(double)profile->stacks[i].value[PROFILE_INUSE_OBJECTS];
	return *ret_left <= ENDED * live;
}

enum audit_lives audit_lives_of(const struct audit_facts *facts, size_t stack)
{
	const struct audit_stack *it = &facts->stacks[stack];
	double freed = it->allocs > 0 ? it->frees / it->allocs : 0, left;

	if (freed < AUDIT_LIVES_FREED_MIN)
		return audit_lives_end_with_it(facts, &facts->functions[it->function],
					       AUDIT_NO_STACK, &left)
			       ? AUDIT_LIVES_END
			       : AUDIT_LIVES_STAY;
	if (have_stopped_to_be_freed(facts, stack))
		return AUDIT_LIVES_STOP;
	return die_too_young_for_a_queue(facts, stack, freed) ? AUDIT_LIVES_FORGET
							      : AUDIT_LIVES_UNCLEAR;
}

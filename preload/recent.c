#include "preload/recent.h"

#include <stddef.h>
#include <string.h>

/* No caller has pc 1: what `last` points at when there is no last stack. */
static const struct recent nobody = { .top.pc = 1 };

/* The ways that hold the key, a bit each. */
static uint32_t ways_of(const uint64_t keys[RECENT_WAYS], uint64_t key)
{
	return (uint32_t)(keys[0] == key) | (uint32_t)(keys[1] == key) << 1 |
	       (uint32_t)(keys[2] == key) << 2 | (uint32_t)(keys[3] == key) << 3;
}

_Static_assert(RECENT_WAYS == 4, "ways_of() compares four keys");

const struct recent *recent_find(struct recents *r, struct frame caller, uint64_t key)
{
	uint32_t set = (uint32_t)(key >> (64 - RECENT_SET_BITS));

	/* stacks that differ outside the frames of the key share it */
	for (uint32_t ways = ways_of(r->key[set], key); ways != 0; ways &= ways - 1) {
		const struct recent *e = &r->entry[set][__builtin_ctz(ways)];

		if (recent_alive(r, e) && recent_is(e, caller)) {
			*recent_guess_of(r, caller) = e;
			r->last = e;
			return e;
		}
	}
	return NULL;
}

_Static_assert(RECENT_CHECKS_MAX *CHECK_PAD <= RECENT_RING / 8 &&
		       RECENT_CHECKS_MAX * CHECK_PAD <= UINT16_MAX,
	       "a trunk is a small part of the ring");

/* Room for n checks in one piece; a piece never wraps. */
static uint64_t ring_take(struct recents *r, uint32_t n)
{
	uint64_t at = r->head;

	if (at % RECENT_RING + n > RECENT_RING)
		at += RECENT_RING - at % RECENT_RING;
	r->head = at + n;
	return at;
}

static bool one_page(const struct check *a, const struct check *b)
{
	return ((uintptr_t)a->at ^ (uintptr_t)b->at) < 4096;
}

/* Fills the rest of a group with checks that always hold. */
static uint32_t pad(struct check *to, uint32_t n)
{
	for (; n % CHECK_PAD != 0; n++)
		to[n] = (struct check){ &to[n].value, 0 };
	return n;
}

/*
 * Copies n checks innermost first, in groups that do not cross a page. to: room
 * for CHECKS_GROUPED_MAX(n). place: where check i went, or NULL. Returns how many
 * there are then.
 */
#define CHECKS_GROUPED_MAX(n) ((n)*CHECK_PAD)
static uint32_t group(struct check *to, const struct check *check, uint32_t n,
		      uint16_t *place)
{
	uint32_t made = 0;

	for (uint32_t i = n; i-- > 0; made++) {
		uint32_t first = made - made % CHECK_PAD;

		if (made != first && !one_page(&to[first], &check[i]))
			made = pad(to, made);
		to[made] = check[i];
		if (place != NULL)
			place[i] = (uint16_t)made;
	}
	return pad(to, made);
}

/* Copies n checks into the ring; *ret_at is their position there. */
static const struct check *keep(struct recents *r, const struct check *check, uint32_t n,
				uint16_t *place, uint64_t *ret_at, uint32_t *ret_count)
{
	uint64_t at = ring_take(r, CHECKS_GROUPED_MAX(n));
	struct check *to = r->ring + at % RECENT_RING;

	*ret_count = group(to, check, n, place);
	*ret_at = at;
	r->head = at + *ret_count; /* what was taken too much */
	return to;
}

/* All of a stack's checks, as the trunk that others may share. */
static void enter_trunk(struct recents *r, const struct recent_stack *stack,
			struct recent *e)
{
	struct trunk *trunk = &r->trunk;

	e->outer = keep(r, stack->check, stack->checks, trunk->place, &trunk->at,
			&trunk->groups);
	e->outer_count = (uint16_t)trunk->groups;
	e->at = trunk->at;
	trunk->held = stack->checks;
}

/*
 * The outer checks that the trunk holds, from the start of a group; how many of
 * the stack's checks, from the outer end, that are.
 */
static uint32_t share_trunk(struct recents *r, struct recent *e)
{
	const struct trunk *trunk = &r->trunk;
	uint32_t held = trunk->held;
	uint32_t from = (trunk->place[held - 1] + CHECK_PAD - 1u) & ~(CHECK_PAD - 1u);

	while (held > 0 && trunk->place[held - 1] < from)
		held--;
	e->outer = r->ring + trunk->at % RECENT_RING + from;
	e->outer_count = (uint16_t)(trunk->groups - from);
	e->at = trunk->at;
	return held;
}

static bool trunk_serves(const struct recents *r, const struct recent_stack *stack)
{
	return r->trunk.held > 0 && r->head - r->trunk.at < RECENT_RING / 2 &&
	       stack->checks - r->trunk.held <= RECENT_OWN_MAX;
}

void recent_enter(struct recents *r, const struct recent_stack *stack, uint64_t key)
{
	uint32_t set = (uint32_t)(key >> (64 - RECENT_SET_BITS));
	uint32_t way = r->victim++ % RECENT_WAYS;
	struct recent *e = &r->entry[set][way];
	uint32_t shared, count;
	uint64_t at;

	r->last = &nobody;
	if (stack->checks > RECENT_CHECKS_MAX)
		return;
	r->entered = true;
	r->key[set][way] = key;
	*e = (struct recent){ .top = stack->top,
			      .counter = stack->counter,
			      .site = stack->site |
				      (stack->needs_fp ? RECENT_NEEDS_FP : 0) };
	if (trunk_serves(r, stack)) {
		shared = share_trunk(r, e);
		e->own = keep(r, stack->check + shared, stack->checks - shared, NULL, &at,
			      &count);
		e->own_count = (uint16_t)count;
	} else {
		enter_trunk(r, stack, e);
	}
	*recent_guess_of(r, e->top) = e;
	r->last = e;
}

void recent_forget(struct recents *r)
{
	if (r->entered) { /* pages that nobody touched stay so */
		memset(r->guess, 0, sizeof r->guess);
		memset(r->key, 0, sizeof r->key);
	}
	r->entered = false;
	r->trunk.held = 0;
	r->last = &nobody;
}

#include "preload/recent.h"

#include <stddef.h>
#include <string.h>

bool recent_gathers;
uint32_t recent_epoch;

void recent_init(void)
{
	recent_gathers = arch_can_gather();
}

void recent_next_epoch(void)
{
	__atomic_add_fetch(&recent_epoch, 1, __ATOMIC_RELEASE);
}

bool recent_crowds(struct recents *r, uint64_t key)
{
	uint32_t set = (uint32_t)(key >> (64 - RECENT_SET_BITS));

	if (recent_ways(r->tags[set], key) != RECENT_ALL_WAYS)
		return false;
	for (uint32_t way = 0; way < RECENT_WAYS; way++)
		if (!recent_alive(r, &r->entry[set][way]))
			return false;
	r->crowded[set] = 1;
	return true;
}

#define GROUPS_MAX(checks) (checks) /* when each lies in a page of its own */
_Static_assert(GROUPS_MAX(RECENT_CHECKS_MAX) <= RECENT_RING / 4 &&
		       RECENT_CHECKS_MAX * GROUP_CHECKS <= UINT16_MAX,
	       "a trunk is a small part of the ring");

/* Drops the guesses whose groups would be overwritten before the next sweep. */
static void sweep(struct recents *r)
{
	r->swept = r->head + RECENT_RING / 8;
	for (uint32_t i = 0; i < RECENT_GUESSES; i++)
		if (r->guess[i] != NULL && r->swept - r->guess[i]->at > RECENT_RING)
			r->guess[i] = NULL;
}

/* Room for n groups in one piece; a piece never wraps. */
static uint64_t ring_take(struct recents *r, uint32_t n)
{
	uint64_t at = r->head;

	if (at % RECENT_RING + n > RECENT_RING)
		at += RECENT_RING - at % RECENT_RING;
	r->head = at + n;
	if (r->head > r->swept)
		sweep(r);
	return at;
}

static bool one_page(const uintptr_t *a, const uintptr_t *b)
{
	return ((uintptr_t)a ^ (uintptr_t)b) < 4096;
}

static void put_check(struct check_group *g, uint32_t i, struct check check)
{
	g->at[i] = check.at;
	g->value[i / 2][i % 2] = check.value;
}

/* Fills the rest of a group with checks that always hold: its first one again. */
static uint32_t pad(struct check_group *to, uint32_t n)
{
	for (; n % GROUP_CHECKS != 0; n++) {
		struct check_group *g = &to[n / GROUP_CHECKS];

		put_check(g, n % GROUP_CHECKS,
			  (struct check){ g->at[0], g->value[0][0] });
	}
	return n;
}

/*
 * Copies n checks innermost first, in groups that do not cross a page. to: room
 * for GROUPS_MAX(n). place: where check i went, or NULL. Returns how many groups
 * there are then.
 */
static uint32_t group(struct check_group *to, const struct check *check, uint32_t n,
		      uint16_t *place)
{
	uint32_t made = 0;

	for (uint32_t i = n; i-- > 0; made++) {
		if (made % GROUP_CHECKS != 0 &&
		    !one_page(to[made / GROUP_CHECKS].at[0], check[i].at))
			made = pad(to, made);
		put_check(&to[made / GROUP_CHECKS], made % GROUP_CHECKS, check[i]);
		if (place != NULL)
			place[i] = (uint16_t)made;
	}
	return pad(to, made) / GROUP_CHECKS;
}

/* Copies n checks into the ring; *ret_at is their position there. */
static uint16_t keep(struct recents *r, const struct check *check, uint32_t n,
		     uint16_t *place, uint64_t *ret_at, uint32_t *ret_groups)
{
	uint64_t at = ring_take(r, GROUPS_MAX(n));
	uint16_t index = (uint16_t)(at % RECENT_RING);

	*ret_groups = group(r->ring + index, check, n, place);
	*ret_at = at;
	r->head = at + *ret_groups; /* what was taken too much */
	return index;
}

/* All of a stack's checks, as the trunk that others may share. */
static void enter_trunk(struct recents *r, const struct recent_stack *stack,
			struct recent *e)
{
	struct trunk *trunk = &r->trunk;

	e->outer = keep(r, stack->check, stack->checks, trunk->place, &trunk->at,
			&trunk->groups);
	e->outer_groups = (uint16_t)trunk->groups;
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
	uint32_t from = (trunk->place[held - 1] + GROUP_CHECKS - 1u) / GROUP_CHECKS;

	while (held > 0 && trunk->place[held - 1] < from * GROUP_CHECKS)
		held--;
	e->outer = (uint16_t)(trunk->at % RECENT_RING + from);
	e->outer_groups = (uint16_t)(trunk->groups - from);
	e->at = trunk->at;
	return held;
}

static bool trunk_serves(const struct recents *r, const struct recent_stack *stack)
{
	return r->trunk.held > 0 && r->head - r->trunk.at < RECENT_RING / 2 &&
	       stack->checks - r->trunk.held <= RECENT_OWN_MAX;
}

/* The way to give up: a free one, one whose checks were overwritten, or any. */
static uint32_t victim(struct recents *r, uint32_t set)
{
	for (uint32_t way = 0; way < RECENT_WAYS; way++)
		if ((r->tags[set] >> 16 * way & 0xffff) == 0 ||
		    !recent_alive(r, &r->entry[set][way]))
			return way;
	return r->victim++ % RECENT_WAYS;
}

void recent_enter(struct recents *r, const struct recent_stack *stack, uint64_t key)
{
	uint32_t set = (uint32_t)(key >> (64 - RECENT_SET_BITS));
	uint32_t way = victim(r, set);
	struct recent *e = &r->entry[set][way];
	uint32_t shared, groups;
	uint64_t at;

	if (stack->checks > RECENT_CHECKS_MAX)
		return;
	r->entered = true;
	r->tags[set] &= ~(0xffffull << 16 * way);
	r->tags[set] |= recent_tag(key) << 16 * way;
	*e = (struct recent){ .top = stack->top,
			      .fp_mask = stack->needs_fp ? UINTPTR_MAX : 0,
			      .epoch = stack->epoch,
			      .counter = stack->counter,
			      .site = stack->site };
	if (trunk_serves(r, stack)) {
		shared = share_trunk(r, e);
		e->own = keep(r, stack->check + shared, stack->checks - shared, NULL, &at,
			      &groups);
		e->own_groups = (uint16_t)groups;
	} else {
		enter_trunk(r, stack, e);
	}
	*recent_guess_of(r, e->top) = e; /* at most half a ring old */
}

void recent_forget(struct recents *r)
{
	if (r->entered) { /* pages that nobody touched stay so */
		memset(r->guess, 0, sizeof r->guess);
		memset(r->tags, 0, sizeof r->tags);
		memset(r->crowded, 0, sizeof r->crowded);
	}
	r->entered = false;
	r->trunk.held = 0;
}

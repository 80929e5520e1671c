#include "preload/recent/recent.h"

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

bool recent_seen(struct recents *r, uint32_t site, uintptr_t sp)
{
	uint64_t key = (site ^ (uint64_t)sp << 28) * 0x9e3779b97f4a7c15ull >>
		       (64 - RECENT_SEEN_BITS);
	uint64_t bit = 1ull << key % 64;

	if ((r->seen[key / 64] & bit) != 0)
		return true;
	if (r->seens == (1u << RECENT_SEEN_BITS) / 4) {
		memset(r->seen, 0, sizeof r->seen);
		r->seens = 0;
	}
	r->seen[key / 64] |= bit;
	r->seens++;
	return false;
}

/* Room for an entry or for groups, to be filled from here on; NULL: there is not. */
static void *lines_left(struct recents *r, uint32_t n)
{
	return n <= RECENT_LINES - r->lines ? &r->line[r->lines] : NULL;
}

#define GROUP_LINES (sizeof(struct check_group) / sizeof(struct recent_line))
#define GROUPS_MAX(checks) (checks) /* when each lies in a page of its own */
#define ENTRY_LINES_MAX (1 + GROUP_LINES * GROUPS_MAX(RECENT_CHECKS_MAX))
_Static_assert(ENTRY_LINES_MAX <= RECENT_LINES / 4 &&
		       RECENT_CHECKS_MAX * GROUP_CHECKS <= UINT16_MAX,
	       "an entry is a small part of the room");

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

/* All of a stack's checks, behind their entry, as the trunk that others may share. */
static uint32_t enter_trunk(struct recents *r, const struct recent_stack *stack,
			    struct recent *e)
{
	struct trunk *trunk = &r->trunk;

	trunk->group = e->own;
	trunk->groups = group(e->own, stack->check, stack->checks, trunk->place);
	trunk->held = stack->checks;
	e->outer = trunk->group;
	e->outer_groups = (uint16_t)trunk->groups;
	return trunk->groups;
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
	e->outer = trunk->group + from;
	e->outer_groups = (uint16_t)(trunk->groups - from);
	return held;
}

static bool trunk_serves(const struct trunk *trunk, const struct recent_stack *stack)
{
	return trunk->held > 0 && stack->checks - trunk->held <= RECENT_OWN_MAX;
}

/* Fills the groups of an entry; how many follow it. */
static uint32_t enter_checks(struct recents *r, const struct recent_stack *stack,
			     struct recent *e)
{
	uint32_t shared;

	if (!trunk_serves(&r->trunk, stack))
		return enter_trunk(r, stack, e);
	shared = share_trunk(r, e);
	e->own_groups = (uint16_t)group(e->own, stack->check + shared,
					stack->checks - shared, NULL);
	return e->own_groups;
}

static void begin(struct recents *r)
{
	r->entered = true;
	r->lines = 1; /* the first one is nobody's */
}

void recent_enter(struct recents *r, const struct recent_stack *stack)
{
	struct recent *e;
	uint32_t groups;

	if (stack->checks > RECENT_CHECKS_MAX)
		return;
	if (lines_left(r, ENTRY_LINES_MAX) == NULL || !index_has_room(&r->index))
		recent_forget(r);
	if (!r->entered)
		begin(r);
	e = lines_left(r, ENTRY_LINES_MAX);
	*e = (struct recent){ .top = stack->top,
			      .fp_mask = stack->needs_fp ? UINTPTR_MAX : 0,
			      .epoch = stack->epoch,
			      .counter = stack->counter,
			      .site = stack->site,
			      .under = r->under };
	groups = enter_checks(r, stack, e);
	if (!index_enter(&r->index, e, stack)) {
		r->trunk.held = 0; /* it may lie where the next entry will */
		return;
	}
	r->lines += 1 + groups * GROUP_LINES;
	recent_found(r, e, stack->top);
}

void recent_hang_under(struct recents *r, uint32_t under)
{
	r->under = under;
}

void recent_forget(struct recents *r)
{
	if (r->entered) { /* pages that nobody touched stay so */
		memset(r->guess, 0, sizeof r->guess);
		memset(r->last, 0, sizeof r->last);
		memset(r->after_one, 0, sizeof r->after_one);
		memset(r->after_two, 0, sizeof r->after_two);
		index_clear(&r->index);
	}
	r->entered = false;
	r->lines = 0;
	r->trunk.held = 0;
}

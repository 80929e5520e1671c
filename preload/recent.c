#include "preload/recent.h"

#include <stddef.h>
#include <string.h>

/* No caller has pc 1: what `last` points at when there is no last stack. */
static const struct recent nobody = { .top.pc = 1 };

/* Which way holds the key, without a branch: it would be mispredicted. */
static uint32_t way_of(const uint64_t keys[RECENT_WAYS], uint64_t key)
{
	return (uint32_t)(keys[1] == key) | (uint32_t)(keys[2] == key) << 1 |
	       (uint32_t)(keys[3] == key) * 3u;
}

_Static_assert(RECENT_WAYS == 4, "way_of() compares four keys");

const struct recent *recent_find(struct recents *r, struct frame caller, uint64_t key)
{
	uint32_t set = (uint32_t)(key >> (64 - RECENT_SET_BITS));
	uint32_t way = way_of(r->key[set], key);
	const struct recent *e = &r->entry[set][way];

	if (r->key[set][way] != key || !recent_alive(r, e) || !recent_is(e, caller))
		return NULL;
	*recent_guess_of(r, caller) = e;
	r->last = e;
	return e;
}

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
 * for CHECKS_GROUPED_MAX(n). Returns how many there are then.
 */
#define CHECKS_GROUPED_MAX(n) ((n)*CHECK_PAD)
static uint32_t group(struct check *to, const struct check *check, uint32_t n)
{
	uint32_t made = 0;

	for (uint32_t i = n; i-- > 0; made++) {
		uint32_t first = made - made % CHECK_PAD;

		if (made != first && !one_page(&to[first], &check[i]))
			made = pad(to, made);
		to[made] = check[i];
	}
	return pad(to, made);
}

/* A key stands in one way of its set at most. */
static uint32_t way_for(struct recents *r, uint32_t set, uint64_t key)
{
	uint32_t way = way_of(r->key[set], key);

	return r->key[set][way] == key ? way : r->victim++ % RECENT_WAYS;
}

void recent_enter(struct recents *r, const struct recent *stack, uint64_t key)
{
	uint32_t set = (uint32_t)(key >> (64 - RECENT_SET_BITS));
	uint32_t way = way_for(r, set, key);
	uint32_t most = CHECKS_GROUPED_MAX(stack->checks);
	struct recent *e = &r->entry[set][way];
	struct check *to;

	r->last = &nobody;
	if (most > RECENT_RING / 2)
		return;
	*e = *stack;
	e->at = ring_take(r, most);
	e->check = to = r->ring + e->at % RECENT_RING;
	e->checks = group(to, stack->check, stack->checks);
	r->head = e->at + e->checks;
	r->key[set][way] = key;
	*recent_guess_of(r, e->top) = e;
	r->last = e;
}

void recent_forget(struct recents *r)
{
	memset(r->guess, 0, sizeof r->guess);
	memset(r->key, 0, sizeof r->key);
	r->last = &nobody;
}

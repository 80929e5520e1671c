#include "preload/lookup.h"

#include "preload/config.h"
#include "preload/counters.h"
#include "preload/likely.h"
#include "preload/process.h"
#include "preload/tree.h"
#include "preload/verify.h"

/* Frames that are added to a key, level by level: an allocation function, its
 * wrapper, and who called that; then more, for the stacks that share those. */
static const uint8_t key_frames[] = { LOOKUP_FIRST_FRAMES, 5, 12 };
#define KEY_LEVELS (sizeof key_frames)

static void lengthen_key(struct thread *t, struct present *present)
{
	stack_key_extend(&t->unwinder, &present->key, key_frames[present->level++]);
}

/* Joins a stack that was walked just now to the recent ones. */
static void enter_recent(struct thread *t, struct present *present,
			 struct counted_site at)
{
	const struct stack *stack = &t->unwinder.stack;
	const struct stack_frame *top;
	struct recent_stack recent;

	recent_moved(&t->recents, stack->kept);
	if (unlikely(stack->frames == 0))
		return;
	if (present->level < KEY_LEVELS && recent_crowds(&t->recents, present->key.value))
		lengthen_key(t, present);
	if (!recent_seen(&t->recents, present->key.value))
		return;
	top = &stack->frame[stack->frames - 1];
	recent = (struct recent_stack){ .top = present->caller,
					.needs_fp = top->needs_fp,
					.site = at.site,
					.epoch = present->epoch,
					.counter = at.counter,
					.check = stack->check,
					.checks = top->checks };
	recent_enter(&t->recents, &recent, present->key.value);
}

struct counted_site lookup_walk(struct thread *t, struct present *present)
{
	struct counted_site at;
	uint32_t *kept;
	uint32_t node = unwind_walk(&t->unwinder, &present->caller,
				    process_config()->depth, &kept);

	at.site = kept != NULL ? *kept : 0;
	if (at.site == 0)
		at.site = t->site_base + tree_site(node, HR_KIND_BLOCKS, t->rate);
	if (kept != NULL)
		*kept = at.site;
	at.counter = counters_at(t->directory, t->slot, at.site);
	if (unlikely(t->directory[at.site / HR_COUNTERS_PER_PAGE] == NULL))
		at.site = t->site_base + HR_SITE_OVERFLOW;
	enter_recent(t, present, at);
	arch_count(&t->record->walks, 1);
	verify_stack(at.site, &present->caller, "a walk");
	return at;
}

struct recent *lookup_longer(struct thread *t, struct present *present)
{
	struct recent *e = NULL;

	present->level = 1;
	while (e == NULL && present->level < KEY_LEVELS &&
	       recent_crowded(&t->recents, present->key.value)) {
		lengthen_key(t, present);
		e = recent_find(&t->recents, present->caller, present->key.value);
	}
	return e;
}

struct counted_site lookup_site(struct thread *t, struct frame caller)
{
	struct present present = { .caller = caller };
	const struct recent *e;
	struct recent *guess;

	lookup_follow_epoch(t, &present);
	guess = recent_guess(&t->recents, caller);
	e = guess != NULL ? lookup_of_epoch(guess, &present) : lookup_recent(t, &present);
	return e != NULL ? (struct counted_site){ e->site, e->counter }
			 : lookup_walk(t, &present);
}

#include "preload/record/lookup.h"

#include "preload/count/counters.h"
#include "preload/platform/likely.h"
#include "preload/process/config.h"
#include "preload/process/process.h"
#include "preload/unwind/tree.h"
#include "preload/unwind/verify.h"

/* Joins a stack that was walked just now to the recent ones. */
static void enter_recent(struct thread *t, struct frame caller, struct counted_site at,
			 uint32_t epoch)
{
	struct stack *stack = &t->unwinder.stack;
	const struct stack_frame *top;
	struct recent_stack recent;

	recent_moved(&t->recents, stack->kept);
	stack->kept = STACK_CHECKS;
	if (unlikely(stack->frames == 0))
		return;
	if (!recent_seen(&t->recents, at.site, caller.sp))
		return;
	top = &stack->frame[stack->frames - 1];
	recent = (struct recent_stack){ .top = caller,
					.needs_fp = top->needs_fp,
					.site = at.site,
					.epoch = epoch,
					.counter = at.counter,
					.check = stack->check,
					.checks = top->checks,
					.own_from = stack->own_from,
					.own_to = stack->own_to };
	recent_enter(&t->recents, &recent);
}

uint32_t lookup_node(struct thread *t, const struct frame *caller)
{
	lookup_follow_epoch(t);
	return unwind_walk(&t->unwinder, caller, process_config()->depth);
}

struct counted_site lookup_walk(struct thread *t, struct frame caller)
{
	uint32_t epoch = lookup_follow_epoch(t);
	struct counted_site at;
	uint32_t node = unwind_walk(&t->unwinder, &caller, process_config()->depth);

	at.site = t->site_base + tree_site(node, HR_KIND_BLOCKS, t->rate);
	at.counter = counters_at(t->directory, t->slot, at.site);
	if (unlikely(t->directory[at.site / HR_COUNTERS_PER_PAGE] == NULL))
		at.site = t->site_base + HR_SITE_OVERFLOW;
	enter_recent(t, caller, at, epoch);
	arch_count(&t->record->walks, 1);
	verify_stack(at.site, &caller, "a walk");
	return at;
}

struct counted_site lookup_site(struct thread *t, struct frame caller)
{
	const struct recent *e = lookup_recent(t, caller);

	return e != NULL ? (struct counted_site){ e->site, e->counter }
			 : lookup_walk(t, caller);
}

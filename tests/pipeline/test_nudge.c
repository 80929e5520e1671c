/*
 * test_nudge - the contract in pipeline/kafka/nudge.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "pipeline/kafka/nudge.h"

#define FULL 10000u
#define FULL_MESSAGES 1000u
#define BYTES 100u /* of a message */

static size_t queue[4];
static unsigned woken;

static void wake(void *with)
{
	(void)with;
	woken++;
}

static size_t length(void *with, int32_t id)
{
	(void)with;
	return queue[id];
}

static struct nudge fresh(void)
{
	struct nudge n;

	nudge_init(&n, (struct nudge_target){ wake, length, NULL }, FULL, FULL_MESSAGES);
	return n;
}

static void take(struct nudge *n, int32_t id, unsigned messages, unsigned bytes)
{
	queue[id] -= messages;
	nudge_took(n, id, messages, (size_t)messages * bytes);
}

Test(nudge, a_queue_that_falls_below_its_limit_wakes)
{
	struct nudge n = fresh();

	queue[0] = 150;
	take(&n, 0, 100, BYTES);
	nudge_round(&n, 1);
	cr_expect(eq(u32, woken, 1));
	nudge_round(&n, 2);
	cr_expect(eq(u32, woken, 1), "once");
}

Test(nudge, a_queue_that_stays_full_does_not)
{
	struct nudge n = fresh();

	queue[0] = 300;
	take(&n, 0, 100, BYTES);
	nudge_round(&n, 1);
	cr_expect(eq(u32, woken, 0));
}

Test(nudge, a_queue_that_was_never_full_does_not)
{
	struct nudge n = fresh();

	queue[0] = 20;
	take(&n, 0, 20, BYTES);
	nudge_round(&n, 1);
	cr_expect(eq(u32, woken, 0));
}

Test(nudge, messages_without_bytes_fill_a_queue_by_their_number)
{
	struct nudge n = fresh();

	queue[0] = FULL_MESSAGES + 100;
	take(&n, 0, 500, 0);
	nudge_round(&n, 1);
	cr_expect(eq(u32, woken, 1));
}

Test(nudge, while_an_answer_is_awaited_others_wait_for_it_too)
{
	struct nudge n = fresh();

	queue[0] = queue[1] = 120;
	take(&n, 0, 120, BYTES);
	nudge_round(&n, 1);
	take(&n, 1, 120, BYTES);
	nudge_round(&n, 2);
	cr_expect(eq(u32, woken, 1));
	queue[0] = 80; /* the answer */
	nudge_round(&n, 3);
	cr_expect(eq(u32, woken, 2), "what fell meanwhile is not forgotten");
}

Test(nudge, an_answer_that_was_taken_at_once_is_seen)
{
	struct nudge n = fresh();

	queue[0] = 120;
	take(&n, 0, 120, BYTES);
	nudge_round(&n, 1);
	queue[0] = 150;
	take(&n, 0, 150, BYTES);
	nudge_round(&n, 2);
	cr_expect(eq(u32, woken, 2));
}

Test(nudge, no_answer_is_awaited_for_ever)
{
	struct nudge n = fresh();

	queue[0] = queue[1] = 120;
	take(&n, 0, 120, BYTES);
	nudge_round(&n, 1);
	take(&n, 1, 120, BYTES);
	nudge_round(&n, 1 + NUDGE_AWAIT_NS);
	cr_expect(eq(u32, woken, 2));
}

Test(nudge, who_waits_for_messages_wakes_now_and_then_whatever_was_seen)
{
	struct nudge n = fresh();

	nudge_idle(&n, NUDGE_CALM_NS);
	nudge_idle(&n, NUDGE_CALM_NS + 1);
	cr_expect(eq(u32, woken, 1));
	nudge_idle(&n, 2 * NUDGE_CALM_NS);
	cr_expect(eq(u32, woken, 2));
}

Test(nudge, who_waits_after_a_queue_that_may_have_been_full_wakes_soon)
{
	struct nudge n = fresh();

	queue[0] = 30;
	take(&n, 0, 30, BYTES);
	nudge_idle(&n, NUDGE_IDLE_NS);
	cr_expect(eq(u32, woken, 1));
	queue[0] = 20;
	take(&n, 0, 20, BYTES);
	nudge_idle(&n, 2 * NUDGE_IDLE_NS);
	cr_expect(eq(u32, woken, 1), "nothing was full");
}

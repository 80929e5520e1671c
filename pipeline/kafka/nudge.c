/*
 * nudge - wake librdkafka's broker threads when a queue has become short
 *
 * A broker thread decides what to fetch when something happens to it: an answer, a
 * request, a timeout. If no queue had room at that moment it sleeps, and only then it
 * needs us. So what counts is a queue that falls below the limit after the decision; it
 * is seen at the take that does it. librdkafka tells the messages in a queue but not
 * their bytes: those left are taken to be as large as those just taken, and half the
 * limit is enough for having been full.
 *
 * While one fetch is on its way its thread is awake and will look at every queue when
 * the answer is there; a nudge meanwhile would be for nothing. The answer has come when
 * the queue that was asked for grows.
 */
#include "pipeline/kafka/nudge.h"

#define NOBODY (-1)

void nudge_init(struct nudge *n, struct nudge_target target, size_t full,
		size_t full_messages)
{
	*n = (struct nudge){ .target = target,
			     .full = full,
			     .full_messages = full_messages,
			     .asked = NOBODY };
}

/* A share-th of the limits is reached. */
static bool is_full(const struct nudge *n, size_t messages, size_t bytes, size_t share)
{
	return bytes >= n->full / share || messages >= n->full_messages / share;
}

void nudge_took(struct nudge *n, int32_t id, unsigned messages, size_t bytes)
{
	size_t left = n->target.length(n->target.with, id);
	size_t left_bytes = left * (bytes / messages);

	if (id == n->asked)
		n->asked = messages + left > n->asked_left ? NOBODY : id;
	n->asked_left = id == n->asked ? left : n->asked_left;
	n->doubt |= is_full(n, left + messages, left_bytes + bytes, 4);
	if (is_full(n, left, left_bytes, 1) ||
	    !is_full(n, left + messages, left_bytes + bytes, 2))
		return;
	n->fell = true;
	n->fell_id = id;
}

static void wake(struct nudge *n, uint64_t now_ns)
{
	n->asked = n->fell ? n->fell_id : NOBODY;
	n->asked_left = n->fell ? n->target.length(n->target.with, n->asked) : 0;
	n->fell = n->doubt = false;
	n->woken_ns = now_ns;
	n->target.wake(n->target.with);
}

static bool awaited(const struct nudge *n, uint64_t now_ns)
{
	return n->asked != NOBODY && now_ns - n->woken_ns < NUDGE_AWAIT_NS &&
	       n->target.length(n->target.with, n->asked) <= n->asked_left;
}

void nudge_round(struct nudge *n, uint64_t now_ns)
{
	if (n->fell && !awaited(n, now_ns))
		wake(n, now_ns);
}

void nudge_idle(struct nudge *n, uint64_t now_ns)
{
	if (now_ns - n->woken_ns >= (n->doubt ? NUDGE_IDLE_NS : NUDGE_CALM_NS))
		wake(n, now_ns);
	else
		nudge_round(n, now_ns);
}

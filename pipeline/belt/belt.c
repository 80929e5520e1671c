/*
 * belt - the fixed ring of batch slots that everything in flight rides on
 *
 * Three counters chase each other round the ring, all under one lock:
 *   retired <= taken <= filled <= retired + slots
 * Slot i of the run lives at i % slots. [retired, taken) is with workers or
 * waits for the sink, [taken, filled) waits for a worker, the rest is free.
 *
 * A lock is taken a few times for a batch of hundreds of messages, which is a
 * fraction of a nanosecond a message; it sleeps well on a machine with two
 * cores, where a spinning queue would not.
 */
#include "pipeline/belt/belt.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/units.h"

#define WORTH_MAX 4u /* batches for which the sink is woken */

struct belt {
	pthread_mutex_t lock;
	pthread_cond_t freed, dispatched, ready;
	struct slot *slots;
	struct row *rows;
	unsigned n_slots, batch, decoded, worth;
	uint64_t retired, taken, filled;
	bool closed;
	uint64_t messages, messages_max, waiting, waiting_max;
	size_t bytes, bytes_max, bytes_limit, waiting_bytes;
};

static void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static struct timespec deadline_in(uint64_t wait_us)
{
	uint64_t ns = units_now_ns() + wait_us * 1000;

	return (struct timespec){ (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
}

struct belt *belt_new(unsigned slots, unsigned batch, size_t bytes_max,
		      size_t arena_bytes)
{
	struct belt *b = memory_zero(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	pthread_mutex_init(&b->lock, NULL);
	cond_init(&b->freed);
	cond_init(&b->dispatched);
	cond_init(&b->ready);
	b->n_slots = slots;
	b->worth = slots / 2 < WORTH_MAX ? slots / 2 : WORTH_MAX;
	b->batch = batch;
	b->bytes_limit = bytes_max;
	b->slots = memory_zero(slots, sizeof(b->slots[0]));
	b->rows = memory_zero((size_t)slots * batch, sizeof(b->rows[0]));
	for (unsigned i = 0; b->slots != NULL && b->rows != NULL && i < slots; i++) {
		b->slots[i].rows = b->rows + (size_t)i * batch;
		if (arena_init(&b->slots[i].arena, arena_bytes) != 0)
			break;
		if (i + 1 == slots)
			return b;
	}
	belt_free(b);
	return NULL;
}

void belt_free(struct belt *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; b->slots != NULL && i < b->n_slots; i++)
		arena_done(&b->slots[i].arena);
	pthread_cond_destroy(&b->freed);
	pthread_cond_destroy(&b->dispatched);
	pthread_cond_destroy(&b->ready);
	pthread_mutex_destroy(&b->lock);
	free(b->slots);
	free(b->rows);
	free(b);
}

static struct slot *slot_at(struct belt *b, uint64_t i)
{
	return &b->slots[i % b->n_slots];
}

static bool full(const struct belt *b)
{
	return b->filled - b->retired == b->n_slots || b->bytes >= b->bytes_limit;
}

/* Who had to wait for a free slot goes on when half of them are: one wake-up then
 * serves many batches. */
static bool crowded(const struct belt *b)
{
	return b->filled - b->retired > b->n_slots / 2;
}

struct slot *belt_reserve(struct belt *b, uint64_t wait_us)
{
	struct timespec deadline = deadline_in(wait_us);
	struct slot *slot = NULL;

	pthread_mutex_lock(&b->lock);
	while (wait_us > 0 && (full(b) || crowded(b)))
		if (pthread_cond_timedwait(&b->freed, &b->lock, &deadline) == ETIMEDOUT)
			break;
	if (!full(b))
		slot = slot_at(b, b->filled);
	pthread_mutex_unlock(&b->lock);
	if (slot != NULL) {
		slot->n = 0;
		slot->bytes = 0;
		slot->decoded = false;
		slot->opened_ns = 0;
	}
	return slot;
}

static void raise_max(uint64_t *max, uint64_t now)
{
	if (now > *max)
		*max = now;
}

void belt_dispatch(struct belt *b, struct slot *slot)
{
	pthread_mutex_lock(&b->lock);
	assert(slot == slot_at(b, b->filled) && slot->n > 0);
	b->filled++;
	b->messages += slot->n;
	b->waiting += slot->n;
	b->waiting_bytes += slot->bytes;
	b->bytes += slot->bytes;
	raise_max(&b->messages_max, b->messages);
	raise_max(&b->waiting_max, b->waiting);
	if (b->bytes > b->bytes_max)
		b->bytes_max = b->bytes;
	pthread_cond_signal(&b->dispatched);
	pthread_mutex_unlock(&b->lock);
}

void belt_close(struct belt *b)
{
	pthread_mutex_lock(&b->lock);
	b->closed = true;
	pthread_cond_broadcast(&b->dispatched);
	pthread_cond_broadcast(&b->ready);
	pthread_mutex_unlock(&b->lock);
}

bool belt_drained(struct belt *b, uint64_t wait_us)
{
	struct timespec deadline = deadline_in(wait_us);
	bool drained;

	pthread_mutex_lock(&b->lock);
	while (b->retired != b->filled)
		if (pthread_cond_timedwait(&b->freed, &b->lock, &deadline) == ETIMEDOUT)
			break;
	drained = b->retired == b->filled;
	pthread_mutex_unlock(&b->lock);
	return drained;
}

struct slot *belt_take(struct belt *b)
{
	struct slot *slot = NULL;

	pthread_mutex_lock(&b->lock);
	while (b->taken == b->filled && !b->closed)
		pthread_cond_wait(&b->dispatched, &b->lock);
	if (b->taken != b->filled) {
		slot = slot_at(b, b->taken++);
		b->waiting -= slot->n;
		b->waiting_bytes -= slot->bytes;
	}
	pthread_mutex_unlock(&b->lock);
	return slot;
}

/* The sink takes several batches at once where there are; when the workers have nothing
 * else to do there will not be soon. */
static bool worth_waking(const struct belt *b)
{
	return b->decoded >= b->worth || b->taken == b->filled;
}

void belt_decoded(struct belt *b, struct slot *slot)
{
	pthread_mutex_lock(&b->lock);
	slot->decoded = true;
	b->decoded++;
	if (slot_at(b, b->retired)->decoded && worth_waking(b))
		pthread_cond_signal(&b->ready);
	pthread_mutex_unlock(&b->lock);
}

int belt_next(struct belt *b, uint64_t wait_us, struct slot **ret)
{
	struct timespec deadline = deadline_in(wait_us);
	struct slot *slot;
	int r = -EAGAIN;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		slot = slot_at(b, b->retired);
		if (b->retired != b->taken && slot->decoded) {
			*ret = slot;
			r = 0;
			break;
		}
		if (b->closed && b->retired == b->filled) {
			r = -ESHUTDOWN;
			break;
		}
		if (pthread_cond_timedwait(&b->ready, &b->lock, &deadline) == ETIMEDOUT)
			break;
	}
	pthread_mutex_unlock(&b->lock);
	return r;
}

unsigned belt_ready(struct belt *b, unsigned most)
{
	unsigned n = 1, first;

	pthread_mutex_lock(&b->lock);
	first = (unsigned)(b->retired % b->n_slots);
	while (n < most && first + n < b->n_slots && b->retired + n < b->taken &&
	       b->slots[first + n - 1].n == b->batch && b->slots[first + n].decoded)
		n++;
	pthread_mutex_unlock(&b->lock);
	return n;
}

void belt_retire(struct belt *b, struct slot *slot)
{
	arena_reset(&slot->arena);
	pthread_mutex_lock(&b->lock);
	assert(slot == slot_at(b, b->retired));
	slot->decoded = false;
	b->decoded--;
	b->retired++;
	b->messages -= slot->n;
	b->bytes -= slot->bytes;
	if (!crowded(b))
		pthread_cond_broadcast(&b->freed);
	if (b->closed && b->retired == b->filled)
		pthread_cond_broadcast(&b->ready);
	pthread_mutex_unlock(&b->lock);
}

struct belt_gauge belt_read(struct belt *b)
{
	struct belt_gauge g;

	pthread_mutex_lock(&b->lock);
	g = (struct belt_gauge){
		.slots = b->n_slots,
		.batch = b->batch,
		.slots_busy = (unsigned)(b->filled - b->retired),
		.messages = b->messages,
		.messages_max = b->messages_max,
		.waiting = b->waiting,
		.waiting_max = b->waiting_max,
		.waiting_bytes = b->waiting_bytes,
		.bytes = b->bytes,
		.bytes_max = b->bytes_max,
		.bytes_limit = b->bytes_limit,
	};
	pthread_mutex_unlock(&b->lock);
	return g;
}

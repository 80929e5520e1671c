/*
 * record - count one allocation or free: the hot path
 *
 * Law. On an application's thread: no lock, no allocation, no stdio, no system
 * call, errno untouched. From libc only clock_gettime (vDSO), once in at most
 * CLOCK_EVENTS calls: more often by a thread that allocates rarely.
 *
 * Order of the two halves of an event
 *   - an allocation is recorded after the allocator returned the block, a free
 *     before the allocator gets it back: from that moment on another thread
 *     may own the address;
 *   - within an allocation the count comes first, then the live table, so that
 *     a free can only be seen after its allocation (S3 in segment.h).
 *
 * Two versions of each event. The fast one, here, is a straight line without a
 * call: it looks at everything that could be unusual (gate, clock, another
 * stack, a new peak, an occupied word) before it changes anything, and hands
 * the whole event to the full version in record.c when something is. So the
 * compiler needs no registers saved, and each rule stands once in each version.
 */
#ifndef PRELOAD_RECORD_H
#define PRELOAD_RECORD_H

#include "arch.h"
#include "preload/counters.h"
#include "preload/live_table.h"
#include "preload/peak.h"
#include "preload/thread.h"
#include "preload/verify.h"

#define CLOCK_EVENTS 16u

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define compiler_barrier() __asm__ volatile("" ::: "memory")

/* The full versions: any gate, any stack, any block but NULL. */
void record_alloc_full(void *block, size_t size, struct frame caller);
void record_free_full(void *block);

/* Reads the coarse clock for the thread; returns block, so that the fast path
 * need not save it. */
void *record_clock(struct thread *t, void *block);

/* Which of HR_SIZES buckets, see HR_SIZE_BYTES; counting bits is slow on some CPUs. */
static inline __attribute__((always_inline)) uint32_t size_bucket(uint64_t size)
{
	static const uint8_t small[64] = { 0, 1, 1, 1, [4 ... 15] = 2, [16 ... 63] = 3 };
	uint32_t bucket;

	if (likely(size < 1024))
		return small[size / 16];
	bucket = (61u - (uint32_t)__builtin_clzll(size)) / 2u;
	return bucket < HR_SIZES ? bucket : HR_SIZES - 1u;
}

/* Which of HR_LIFETIMES buckets, see HR_LIFETIME_MS. */
static inline __attribute__((always_inline)) uint32_t lifetime_bucket(uint32_t ms)
{
	/* the upper half: born by a thread whose coarse clock was ahead of this one's */
	if (likely(ms < 16 || ms > LIVE_WORD / 2))
		return 0;
	return (31u - (uint32_t)__builtin_clz(ms)) / 4u;
}

static inline __attribute__((always_inline)) void count_alloc(struct heapring_counter *c,
							      uint64_t size)
{
	arch_count(&c->allocs, 1);
	arch_count(&c->alloc_bytes, size);
	arch_count_one(&c->size[size_bucket(size)]);
}

/* born_ms: LIVE_UNBORN when the birth is not known. */
static inline __attribute__((always_inline)) void
count_lifetime(const struct thread *t, struct heapring_counter *c, uint32_t born_ms)
{
	if (likely(born_ms != LIVE_UNBORN))
		arch_count_one(
			&c->lifetime[lifetime_bucket((t->now_ms - born_ms) & LIVE_WORD)]);
}

static inline __attribute__((always_inline)) void count_free(const struct thread *t,
							     struct heapring_counter *c,
							     uint64_t size,
							     uint32_t born_ms)
{
	arch_count(&c->frees, 1); /* S3: a release */
	arch_count(&c->free_bytes, size);
	count_lifetime(t, c, born_ms);
}

/*
 * The word of a block in the fast path, valid when the gate is GATE_EXACT and
 * the block lies at 0 mod 16.
 */
static inline __attribute__((always_inline)) uint32_t *record_word(const struct thread *t,
								   const void *block)
{
	return (uint32_t *)(t->live_flat + ((uintptr_t)block >> 4 << 2));
}

/*
 * Counts an allocation from a stack that is known, behind a busy gate. False:
 * nothing happened, call record_alloc_full().
 */
static inline __attribute__((always_inline)) bool
record_alloc_at(struct thread *t, const struct recent *stack, void *block, size_t size)
{
	struct heapring_counter *c = stack->counter;
	uint32_t *word = record_word(t, block);
	int64_t room = t->room - (int64_t)size;

	live_touch(word, size, t->now_ms);
	if (unlikely(room < 0 || c->peak_id != peak_now || (*word & LIVE_HEAD) != 0))
		return false;
	t->room = room;
	if (room < t->room_least)
		t->room_least = room;
	count_alloc(c, size);
	live_put(word, recent_site(stack), size);
	return true;
}

/* Is the thread in exact mode, and the block where the fast path can handle it? */
static inline __attribute__((always_inline)) bool record_is_plain(const struct thread *t,
								  const void *block)
{
	return t->gate == GATE_EXACT && ((uintptr_t)block & 15) == 0;
}

/*
 * True: the allocation is counted. False: nothing happened, call
 * record_alloc_any(). block is not NULL.
 */
static inline __attribute__((always_inline)) bool
record_alloc(struct thread *t, void *block, size_t size, struct frame caller)
{
	const struct recent *stack;
	bool counted;

	/* behind a closed gate nothing else of t may be read */
	if (unlikely(!record_is_plain(t, block)))
		return false;
	stack = t->recents.last;
	if (!recent_is(stack, caller))
		return false;
	t->gate = GATE_BUSY;
	compiler_barrier();
	counted = record_alloc_at(t, stack, block, size);
	verify_stack(recent_site(stack), &caller, "the fast path");
	compiler_barrier();
	t->gate = GATE_EXACT;
	return counted;
}

/* The same for any stack; false: call record_alloc_full(). */
bool record_alloc_any(struct thread *t, void *block, size_t size, struct frame caller);

/*
 * True: the block was taken out of the live table and its free is counted.
 * False: nothing happened, call record_free_full().
 */
static inline __attribute__((always_inline)) bool record_free(struct thread *t,
							      void *block)
{
	uint32_t *word = record_word(t, block);
	struct heapring_counter *c;
	uint32_t head, born_ms;
	uint64_t size;

	if (unlikely(t->gate != GATE_EXACT || ((uintptr_t)block & 15) != 0))
		return false;
	head = *word;
	/* a block without a birth is rare: it goes the long way */
	if (unlikely((head & (LIVE_HEAD | LIVE_BORN)) != (LIVE_HEAD | LIVE_BORN)))
		return false;
	size = head >> LIVE_SIZE_SHIFT & 63;
	if (likely((head & LIVE_LONG) != 0)) {
		size = word[2];
		if (unlikely(size == LIVE_WORD))
			return false;
	}
	c = t->directory[(head & LIVE_SITE) / HR_COUNTERS_PER_PAGE];
	if (unlikely(c == NULL || t->room > t->room_most))
		return false;
	c += head % HR_COUNTERS_PER_PAGE;
	if (unlikely(c->peak_id != peak_now))
		return false;
	t->gate = GATE_BUSY;
	compiler_barrier();
	born_ms = word[1];
	live_store_two(word, 0, 0);
	if (likely((head & LIVE_LONG) != 0))
		word[2] = 0;
	t->room += (int64_t)size;
	count_free(t, c, size, born_ms);
	compiler_barrier();
	t->gate = GATE_EXACT;
	return true;
}

/*
 * When sampling or dormant: true when this allocation is not one to record. One
 * subtraction and one branch; the full version is called when it falls through.
 */
static inline __attribute__((always_inline)) bool record_skips(struct thread *t,
							       size_t size)
{
	return t->gate >= GATE_SAMPLED && (t->until_sample -= (int64_t)size + 1) >= 0;
}

/* When sampling or dormant: true when the block is surely not a recorded one. */
static inline __attribute__((always_inline)) bool record_ignores(const struct thread *t,
								 const void *block)
{
	return t->gate >= GATE_SAMPLED && !live_may_hold(block);
}

/* Ends an event of the fast path: now and then the clock is read. */
static inline __attribute__((always_inline)) void *record_done(struct thread *t,
							       void *block)
{
	return unlikely(--t->clock_events == 0) ? record_clock(t, block) : block;
}

/* realloc: the block's entry, taken out before the allocator may move it. */
struct live_block record_take(const void *block);

/* realloc failed: the old block lives on. */
void record_put_back(const void *block, const struct live_block *taken);

/* realloc succeeded: counts the free of what was taken. */
void record_taken_free(const struct live_block *taken);

/* The node of a stack that does something else than allocate; 0: not to be counted. */
uint32_t record_stack(struct frame caller);

/* Is the block in the live table already? (operator new over malloc) */
bool record_has(const void *block);

#endif

/*
 * record - count one allocation or free: the hot path
 *
 * Law. On an application's thread: no lock, no allocation, no stdio, no system
 * call, errno untouched. From libc only clock_gettime (vDSO), by the first event of a
 * thread in each of the kernel's ticks (coarse_clock.h).
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
 * stack, another epoch, an occupied word) before it changes anything, and hands
 * the whole event to the full version in record.c when something is. So the
 * compiler needs no registers saved, and each rule stands once in each version.
 *
 * Signals. A handler may allocate wherever it interrupts. Behind GATE_BUSY it is
 * counted as bypassed and touches nothing but counters and its own block's entry;
 * so the gate is busy wherever the thread's caches are read for use or written.
 * Before it was seen busy a handler may have followed a change of mode: at its end
 * an event goes back to `resume`, not to the gate that it began with.
 */
#ifndef PRELOAD_RECORD_H
#define PRELOAD_RECORD_H

#include "arch.h"
#include "preload/allocator/live_table.h"
#include "preload/count/counters.h"
#include "preload/count/peak.h"
#include "preload/count/thread.h"
#include "preload/platform/coarse_clock.h"
#include "preload/platform/likely.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/verify.h"

#define compiler_barrier() __asm__ volatile("" ::: "memory")

/* The full versions: any gate, any stack, any block but NULL. When sampling, the caller
 * has drawn this allocation (record_skips() was false); a thread that attaches here draws
 * here. */
void record_alloc_full(void *block, size_t size, struct frame caller);
void record_free_full(void *block);

/* An allocation that the fast path left, by its frame's words: any block, NULL
 * included, which it returns. */
void *record_alloc_rest(void *block, size_t size, uintptr_t pc, uintptr_t sp,
			uintptr_t fp);

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

static inline __attribute__((always_inline)) void
count_lifetime(const struct thread *t, struct heapring_counter *c, uint32_t born_ms)
{
	uint32_t ms = t->now_ms - born_ms;

	if (likely(ms < HR_LIFETIME_MS(0)))
		arch_count_one(&c->lifetime[0]);
	else
		arch_count_one(&c->lifetime[lifetime_bucket(ms & LIVE_WORD)]);
}

static inline __attribute__((always_inline)) void count_free(struct heapring_counter *c,
							     uint64_t size)
{
	arch_count(&c->frees, 1); /* S3: a release */
	arch_count(&c->free_bytes, size);
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

/* record_alloc_at() for a size that word 0 can hold, or not. */
static inline __attribute__((always_inline)) bool
record_alloc_sized(struct thread *t, const struct recent *stack, uint32_t *word,
		   size_t size, bool is_long)
{
	int64_t room = t->room - (int64_t)size;

	if (unlikely(room < 0)) /* so is every size that needs more than word 2 */
		return false;
	live_touch(word, size, t->now_ms);
	if (unlikely((*word & LIVE_HEAD) != 0))
		return false;
	t->room = room;
	if (room < t->room_least)
		t->room_least = room;
	count_alloc(stack->counter, size);
	if (is_long)
		live_put_long(word, stack->site, size);
	else
		live_put_short(word, stack->site, size);
	return true;
}

/*
 * Counts an allocation from a stack that is known and of this epoch, behind a busy
 * gate. False: nothing happened, call record_alloc_full().
 */
static inline __attribute__((always_inline)) bool
record_alloc_at(struct thread *t, const struct recent *stack, void *block, size_t size)
{
	uint32_t *word = record_word(t, block);

	return likely(size > LIVE_SIZE_MAX)
		       ? record_alloc_sized(t, stack, word, size, true)
		       : record_alloc_sized(t, stack, word, size, false);
}

/* Is the thread in exact mode, its time right, and the block where the fast path can
 * handle it? */
static inline __attribute__((always_inline)) bool record_is_plain(const struct thread *t,
								  const void *block)
{
	return t->gate == GATE_EXACT && ((uintptr_t)block & 15) == 0 &&
	       likely(coarse_clock_stamp() == t->clock_stamp);
}

/*
 * True: the allocation is counted. False: nothing happened, call
 * record_alloc_rest(). block is not NULL.
 */
static inline __attribute__((always_inline)) bool
record_alloc(struct thread *t, void *block, size_t size, struct frame caller)
{
	const struct recent *stack;
	bool counted = false;

	/* behind a closed gate nothing else of t may be read */
	if (unlikely(!record_is_plain(t, block)))
		return false;
	t->gate = GATE_BUSY;
	compiler_barrier();
	stack = recent_guess(&t->recents, caller);
	if (likely(stack != NULL && stack->epoch == recent_epoch_now())) {
		counted = record_alloc_at(t, stack, block, size);
		if (likely(counted))
			recent_passed(&t->recents, stack);
		verify_stack(stack->site, &caller, "the fast path");
	}
	compiler_barrier();
	t->gate = t->resume;
	return counted;
}

/* The thread's counter of a site whose free can be counted by the fast path, or NULL.
 * room: what the thread's would be. */
static inline __attribute__((always_inline)) struct heapring_counter *
record_free_counter(const struct thread *t, uint32_t site, int64_t room)
{
	struct heapring_counter *c = t->directory[site / HR_COUNTERS_PER_PAGE];

	if (unlikely(c == NULL || room > t->room_most))
		return NULL;
	c += site % HR_COUNTERS_PER_PAGE;
	return likely(c->peak_id == peak_now) ? c : NULL;
}

static inline __attribute__((always_inline)) void
record_freed(struct thread *t, struct heapring_counter *c, int64_t room, uint64_t size,
	     uint32_t born_ms)
{
	t->room = room;
	count_free(c, size);
	count_lifetime(t, c, born_ms);
}

/* record_free() for a block of known size, short or long, whose head was read. A size
 * past word 2 leaves no room. */
static inline __attribute__((always_inline)) bool
record_free_at(struct thread *t, uint32_t *word, uint32_t head, uint64_t size,
	       bool is_long)
{
	int64_t room = t->room + (int64_t)size;
	struct heapring_counter *c = record_free_counter(t, head & LIVE_SITE, room);
	uint32_t born_ms = word[1];

	if (unlikely(c == NULL))
		return false;
	t->gate = GATE_BUSY;
	compiler_barrier();
	live_store_two(word, 0, 0);
	if (is_long)
		word[2] = 0;
	record_freed(t, c, room, size, born_ms);
	compiler_barrier();
	t->gate = t->resume;
	return true;
}

/*
 * True: the block was taken out of the live table and its free is counted.
 * False: nothing happened, call record_free_full().
 */
static inline __attribute__((always_inline)) bool record_free(struct thread *t,
							      void *block)
{
	uint32_t *word;
	uint32_t head;

	if (unlikely(!record_is_plain(t, block)))
		return false;
	word = record_word(t, block);
	head = *word;
	if (likely((~head & (LIVE_HEAD | LIVE_BORN | LIVE_LONG)) == 0))
		return record_free_at(t, word, head, word[2], true);
	/* a block without a birth is rare: it goes the long way */
	if (unlikely((~head & (LIVE_HEAD | LIVE_BORN)) != 0))
		return false;
	return record_free_at(t, word, head, head >> LIVE_SIZE_SHIFT & 63, false);
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

/* When sampling, dormant or not profiled: true when the block is surely not a recorded
 * one. */
static inline __attribute__((always_inline)) bool record_ignores(const struct thread *t,
								 const void *block)
{
	return (t->gate >= GATE_SAMPLED || t->gate == GATE_OFF) && !live_may_hold(block);
}

/* realloc: true when neither this block nor what comes in its place is to be recorded. */
static inline __attribute__((always_inline)) bool
record_skips_both(struct thread *t, const void *block, size_t size)
{
	return t->gate != GATE_EXACT && record_ignores(t, block) &&
	       (t->gate == GATE_OFF || record_skips(t, size));
}

/* realloc: the block's entry, taken out before the allocator may move it. */
struct live_block record_take(const void *block);

/* The same in exact mode for a block with a birth, without a call; false: nothing
 * happened. */
static inline __attribute__((always_inline)) bool
record_take_plain(const struct thread *t, const void *block, struct live_block *ret)
{
	uint32_t *word;
	uint32_t head, size;

	if (unlikely(!record_is_plain(t, block)))
		return false;
	word = record_word(t, block);
	head = *word;
	if (unlikely((~head & (LIVE_HEAD | LIVE_BORN)) != 0))
		return false;
	size = (head & LIVE_LONG) != 0 ? word[2] : head >> LIVE_SIZE_SHIFT & 63;
	if (unlikely(size == LIVE_WORD))
		return false;
	*ret = (struct live_block){ .site = head & LIVE_SITE,
				    .born_ms = word[1],
				    .size = size };
	live_store_two(word, 0, 0);
	if ((head & LIVE_LONG) != 0)
		word[2] = 0;
	return true;
}

/* realloc failed: the old block lives on. */
void record_put_back(const void *block, const struct live_block *taken);

/* realloc succeeded: counts the free of what was taken. */
void record_taken_free(const struct live_block *taken);

/* The same for what record_take_plain() took; false: nothing happened. */
static inline __attribute__((always_inline)) bool
record_taken_free_plain(struct thread *t, const struct live_block *taken)
{
	int64_t room = t->room + (int64_t)taken->size;
	struct heapring_counter *c;

	if (unlikely(t->gate != GATE_EXACT))
		return false;
	c = record_free_counter(t, taken->site, room);
	if (unlikely(c == NULL))
		return false;
	t->gate = GATE_BUSY;
	compiler_barrier();
	record_freed(t, c, room, taken->size, taken->born_ms);
	compiler_barrier();
	t->gate = t->resume;
	return true;
}

/* The node of a stack that does something else than allocate; 0: not to be counted. */
uint32_t record_stack(struct frame caller);

/* For events that are no blocks. True: the calling thread counts, and its gate is busy
 * until record_leave(). False: it may not; *ret_thread's record is NULL when it never
 * will, else it was interrupted in an event of its own. */
bool record_enter(struct thread **ret_thread);
void record_leave(struct thread *thread);

/* Is the block in the live table already? (operator new over malloc) */
bool record_has(const void *block);

#endif

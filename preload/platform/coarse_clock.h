/*
 * coarse_clock - the time of the kernel's last tick, and whether there was one since
 *
 * Why it exists: each event needs its own time. A look at the clock takes 2.7 ns, a
 * fifth of what a pair of events may cost; a look at every 32nd event gives what comes
 * first after a pause the time from before it, and a block that was held over the pause
 * a life of nothing.
 *
 * The kernel keeps the time of its last tick in a page of every process, from which
 * the vDSO reads it. Two loads tell that it moved, and only then the clock is asked. The
 * page's layout is nobody's contract: the two words are found by what they hold,
 * seconds and nanoseconds, both exactly the clock's. The time itself always comes from
 * the clock. A torn read of the two says "moved" once too often, or a moment late.
 *
 * Not found: a time namespace, gVisor, rr, another layout. Then every event
 * asks (GATE_EXACT_LEAVES).
 */
#ifndef PRELOAD_COARSE_CLOCK_H
#define PRELOAD_COARSE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds and nanoseconds of the last tick; where not found, two that never move. */
extern const volatile uint64_t *coarse_clock_words __attribute__((visibility("hidden")));

/* Once, before the first event is timed. */
void coarse_clock_find(void);

/* In a fork child, which may be in a time namespace: where its page holds another time,
 * the words are given up. */
void coarse_clock_check(void);

bool coarse_clock_found(void);

/* Another number than before: there was a tick. */
static inline __attribute__((always_inline)) uint64_t coarse_clock_stamp(void)
{
	return coarse_clock_words[0] + coarse_clock_words[1];
}

/* The seconds and nanoseconds that stand together, in this order, in `words` words; NULL:
 * not, or more than once. */
const volatile uint64_t *coarse_clock_among(const volatile uint64_t *page, uint32_t words,
					    uint64_t seconds, uint64_t nanoseconds);

#endif

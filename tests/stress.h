/*
 * stress - what the stress programs share: threads that start together, and a
 * sum over the segment
 *
 * They are plain programs because Criterion cannot run under ThreadSanitizer; all
 * builds run them. Each exits 0 when its totals are exact, else 1 with a line that
 * says what is not.
 */
#ifndef TESTS_STRESS_H
#define TESTS_STRESS_H

#include <stdint.h>

#define STRESS_THREADS_MAX 8u

/* Runs work(0 .. threads-1) in threads that begin at the same moment; joins them. */
void stress_run(unsigned threads, void (*work)(unsigned number));

/* A number that differs from call to call; state is the thread's own. */
static inline uint32_t stress_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33);
}

struct stress_totals {
	uint64_t allocs, alloc_bytes, frees, free_bytes;
	uint64_t sizes; /* all size buckets */
};

/* Of all counter pages. */
struct stress_totals stress_count(void);

/* Prints and exits 1 unless they are equal. */
void stress_equal(const char *what, uint64_t have, uint64_t want);

#endif

/*
 * delay - how long single calls of malloc take
 *
 * Usage: delay CALLS
 * Allocates from stacks of many depths and frees at random, CALLS times, after a
 * tenth as many to warm up, and times each malloc. Prints in nanoseconds
 *
 *   p50 p99 p99.9 p99.99 p99.999 max  preempted
 *
 * A call during which the kernel switched the thread away says nothing of malloc:
 * it is counted as preempted and left out.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define SLOTS 20000u
#define SLOW_NS 5000u
#define BUCKETS 4096u /* 64 powers of two, 64 steps each */

static uint64_t histogram[BUCKETS];
static uint64_t counted, preempted, longest;
static void *slots[SLOTS];
static uint64_t random_state = 88172645463325252ull;
static long switches_known;

static uint64_t draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	return random_state ^= random_state << 17;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool was_switched(void)
{
	struct rusage usage;
	long known = switches_known;

	getrusage(RUSAGE_THREAD, &usage);
	switches_known = usage.ru_nivcsw + usage.ru_nvcsw;
	return switches_known != known;
}

static unsigned bucket_of(uint64_t ns)
{
	unsigned power = 63u - (unsigned)__builtin_clzll(ns | 1);

	return power < 6 ? (unsigned)ns
			 : (power - 5) * 64 + (unsigned)(ns >> (power - 6) & 63);
}

static uint64_t bucket_ns(unsigned bucket)
{
	unsigned power = bucket / 64 + 5;

	return bucket < 64 ? bucket : (64ull + bucket % 64) << (power - 6);
}

static void count(uint64_t ns)
{
	if (ns >= SLOW_NS && was_switched()) {
		preempted++;
		return;
	}
	histogram[bucket_of(ns)]++;
	counted++;
	if (ns > longest)
		longest = ns;
}

static __attribute__((noinline)) void allocate(unsigned depth, bool counts)
{
	void **slot;
	uint64_t begin, end;

	if (depth > 0) {
		allocate(depth - 1, counts);
		__asm__ volatile(""); /* not a tail call */
		return;
	}
	slot = &slots[draw() % SLOTS];
	free(*slot);
	begin = now_ns();
	*slot = malloc(16 + draw() % 1000);
	end = now_ns();
	if (counts)
		count(end - begin);
}

static uint64_t percentile(double share)
{
	uint64_t wanted = (uint64_t)((double)counted * share), seen = 0;

	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += histogram[i];
		if (seen > wanted)
			return bucket_ns(i);
	}
	return longest;
}

int main(int argc, char **argv)
{
	uint64_t calls = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;

	if (calls == 0)
		return 2;
	for (uint64_t i = 0; i < calls / 10; i++)
		allocate((unsigned)(draw() % 48), false);
	was_switched();
	for (uint64_t i = 0; i < calls; i++)
		allocate((unsigned)(draw() % 48), true);
	printf("%lu %lu %lu %lu %lu %lu %lu\n", percentile(.5), percentile(.99),
	       percentile(.999), percentile(.9999), percentile(.99999), longest,
	       preempted);
	return 0;
}

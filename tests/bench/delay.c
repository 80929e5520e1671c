/*
 * delay - how long single calls of malloc take
 *
 * Usage: delay CALLS [PATHS [THREADS]]
 * Allocates from stacks of many depths and frees at random, CALLS times, after a
 * tenth as many to warm up, and times each malloc. With PATHS it does so from that many
 * different stacks, each of which allocated before, and so did THREADS more threads,
 * which then wait: what a slice of the history costs depends on both. Prints in
 * nanoseconds
 *
 *   p50 p99 p99.9 p99.99 p99.999 max  preempted
 *
 * A call during which the kernel switched the thread away says nothing of malloc:
 * it is counted as preempted and left out.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PATH_BITS 16u
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

static void replace_one(bool counts)
{
	void **slot = &slots[draw() % SLOTS];
	uint64_t begin, end;

	free(*slot);
	begin = now_ns();
	*slot = malloc(16 + draw() % 1000);
	end = now_ns();
	if (counts)
		count(end - begin);
}

/* Where the allocating is only for the stack to be known. */
static __thread bool only_touches;

static void allocate_one(bool counts)
{
	if (only_touches) {
		void *block = malloc(16);

		__asm__ volatile("" : : "r"(block));
		free(block);
	} else
		replace_one(counts);
}

static __attribute__((noinline)) void allocate(unsigned depth, bool counts)
{
	if (depth == 0)
		allocate_one(counts);
	else
		allocate(depth - 1, counts);
	__asm__ volatile(""); /* not a tail call */
}

/* One of 2^16 stacks: each bit of the path is one of two calls. */
static __attribute__((noinline)) void follow(unsigned path, unsigned left, bool counts)
{
	if (left == 0)
		allocate_one(counts);
	else if (path & 1)
		follow(path >> 1, left - 1, counts);
	else {
		follow(path >> 1, left - 1, counts);
		__asm__ volatile("nop"); /* or it were the same call */
	}
	__asm__ volatile("");
}

static unsigned paths;

static void *allocate_everywhere(void *arg)
{
	only_touches = true;
	for (unsigned path = 0; path < paths; path++)
		follow(path, PATH_BITS, false);
	only_touches = false;
	while (arg)
		pause();
	return NULL;
}

static void begin_threads(unsigned count)
{
	pthread_t thread;

	allocate_everywhere(NULL);
	for (unsigned i = 0; i < count; i++) {
		pthread_create(&thread, NULL, allocate_everywhere, slots);
		usleep(paths * 5);
	}
}

static void allocate_somewhere(bool counts)
{
	if (paths > 0)
		follow((unsigned)(draw() % paths), PATH_BITS, counts);
	else
		allocate((unsigned)(draw() % 48), counts);
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
	uint64_t calls = argc >= 2 ? strtoull(argv[1], NULL, 10) : 0;

	if (calls == 0)
		return 2;
	paths = argc >= 3 ? (unsigned)atoi(argv[2]) : 0;
	begin_threads(argc >= 4 ? (unsigned)atoi(argv[3]) : 0);
	for (uint64_t i = 0; i < calls / 10; i++)
		allocate_somewhere(false);
	was_switched();
	for (uint64_t i = 0; i < calls; i++)
		allocate_somewhere(true);
	printf("%lu %lu %lu %lu %lu %lu %lu\n", percentile(.5), percentile(.99),
	       percentile(.999), percentile(.9999), percentile(.99999), longest,
	       preempted);
	return 0;
}

/*
 * micro - malloc and free at a known depth, and nothing else
 *
 * Usage: micro DEPTH same|alternating|wandering|resizing THREADS PAIRS [mark]
 *   same         every allocation comes from one call stack
 *   alternating  two call sites take turns
 *   wandering    the innermost three frames are drawn anew each time (64 paths)
 *   resizing     one call stack; realloc does both halves of a pair
 * Each thread replaces blocks of 16 to 512 bytes in a table of 256. Prints the
 * nanoseconds of one pair, as one thread sees them. Built with optimisation and
 * without frame pointers, as distributions build programs. `mark`: a breakpoint
 * instruction before and after, for count_steps.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOTS 256
#define WARM 5000
#define NOINLINE __attribute__((noinline))

/* After a call: keeps it from becoming a jump. */
#define STAY() __asm__ volatile("" ::: "memory")

#ifdef __x86_64__
#define MARK() __asm__ volatile("int3" ::: "memory")
#else
#define MARK() raise(SIGTRAP)
#endif

struct work {
	void (*run)(struct work *work);
	unsigned depth;
	uint64_t pairs;
	uint32_t random;
	void *block[SLOTS];
};

static unsigned depth;
static uint64_t pairs;
static int mark;
static void (*chosen)(struct work *work);

static inline uint32_t draw(struct work *work)
{
	work->random = work->random * 1664525u + 1013904223u;
	return work->random >> 8;
}

#define REPLACE(work, r)                                                                 \
	do {                                                                             \
		void **slot = &(work)->block[(r) % SLOTS];                               \
                                                                                         \
		free(*slot);                                                             \
		*slot = malloc(16 + (r) / SLOTS % 496);                                  \
	} while (0)

static NOINLINE void run_same(struct work *work)
{
	for (uint64_t i = 0; i < work->pairs; i++) {
		uint32_t r = draw(work);

		REPLACE(work, r);
	}
}

static NOINLINE void site_a(struct work *work, uint32_t r)
{
	REPLACE(work, r);
	STAY();
}

static NOINLINE void site_b(struct work *work, uint32_t r)
{
	REPLACE(work, r + 1);
	STAY();
}

static NOINLINE void run_alternating(struct work *work)
{
	for (uint64_t i = 0; i < work->pairs; i += 2) {
		site_a(work, draw(work));
		site_b(work, draw(work));
	}
}

typedef void step_fn(struct work *work, uint32_t r);

/* Four functions for each of the three innermost levels. */
#define STEP(name, next)                                                                 \
	static NOINLINE void name(struct work *work, uint32_t r)                         \
	{                                                                                \
		next(work, r);                                                           \
		STAY();                                                                  \
	}
#define LEAF(work, r) REPLACE(work, r)
STEP(leaf0, LEAF)
STEP(leaf1, LEAF)
STEP(leaf2, LEAF)
STEP(leaf3, LEAF)
static step_fn *const leaves[4] = { leaf0, leaf1, leaf2, leaf3 };
#define TO_LEAF(work, r) leaves[(r) >> 16 & 3](work, r)
STEP(twig0, TO_LEAF)
STEP(twig1, TO_LEAF)
STEP(twig2, TO_LEAF)
STEP(twig3, TO_LEAF)
static step_fn *const twigs[4] = { twig0, twig1, twig2, twig3 };
#define TO_TWIG(work, r) twigs[(r) >> 18 & 3](work, r)
STEP(bough0, TO_TWIG)
STEP(bough1, TO_TWIG)
STEP(bough2, TO_TWIG)
STEP(bough3, TO_TWIG)
static step_fn *const boughs[4] = { bough0, bough1, bough2, bough3 };

static NOINLINE void run_wandering(struct work *work)
{
	for (uint64_t i = 0; i < work->pairs; i++) {
		uint32_t r = draw(work);

		boughs[r >> 20 & 3](work, r);
	}
}

static NOINLINE void run_resizing(struct work *work)
{
	for (uint64_t i = 0; i < work->pairs; i++) {
		uint32_t r = draw(work);
		void **slot = &work->block[r % SLOTS];

		*slot = realloc(*slot, 16 + r / SLOTS % 496);
	}
}

static void (*run_of(const char *kind))(struct work *)
{
	static const struct {
		const char *kind;
		void (*run)(struct work *work);
	} all[] = { { "same", run_same },
		    { "alternating", run_alternating },
		    { "wandering", run_wandering },
		    { "resizing", run_resizing } };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(kind, all[i].kind) == 0)
			return all[i].run;
	return NULL;
}

/* The stack below: functions that take turns, so that no two frames in a row
 * have the same return address. */
static NOINLINE void climb(struct work *work);

#define CLIMB(name)                                                                      \
	static NOINLINE void name(struct work *work)                                     \
	{                                                                                \
		climb(work);                                                             \
		STAY();                                                                  \
	}
CLIMB(rung0)
CLIMB(rung1)
CLIMB(rung2)
CLIMB(rung3)
static void (*const rungs[4])(struct work *) = { rung0, rung1, rung2, rung3 };

static NOINLINE void climb(struct work *work)
{
	if (work->depth <= 1)
		work->run(work);
	else
		work->depth -= 2, rungs[work->depth / 2 % 4](work);
	STAY();
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The time of one pair, in nanoseconds, after a warm-up with the same stacks. */
static void *measure(void *ret_ns)
{
	struct work *work = calloc(1, sizeof *work);
	uint64_t warm = pairs / 10 < WARM ? WARM : pairs / 10;
	volatile int warmed; /* so that the loop is not unrolled: one call of climb() */
	double begin = 0;

	work->run = chosen;
	work->random = 12345;
	for (warmed = 0; warmed < 2; warmed++) {
		work->depth = depth;
		work->pairs = warmed ? pairs : warm;
		begin = seconds();
		if (mark && warmed)
			MARK();
		climb(work);
	}
	if (mark)
		MARK();
	*(double *)ret_ns = (seconds() - begin) * 1e9 / (double)pairs;
	return NULL;
}

int main(int argc, char **argv)
{
	double ns[16] = { 0 }, sum = 0;
	pthread_t thread[16];
	int threads;

	if (argc != 5 && argc != 6)
		return 2;
	mark = argc == 6;
	depth = (unsigned)atoi(argv[1]);
	chosen = run_of(argv[2]);
	threads = atoi(argv[3]);
	pairs = strtoull(argv[4], NULL, 10);
	if (chosen == NULL || threads < 1 || threads > 16 || pairs < 10)
		return 2;
	for (int i = 1; i < threads; i++)
		pthread_create(&thread[i], NULL, measure, &ns[i]);
	measure(&ns[0]);
	for (int i = 1; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < threads; i++)
		sum += ns[i];
	printf("%.3f\n", sum / threads);
	return 0;
}

/*
 * survivors - a few blocks that outlive many, and the same with those moved away
 *
 * Usage: survivors burst|log [moved]   prints "ready", then allocates a little now and
 * then until the end of stdin
 *
 * burst: four functions allocate short-lived blocks, and a fifth a record here and there
 * that stays. log: requests of many sizes, and now and then a log buffer that stays.
 * moved: what stays comes from a pool of its own, as a fix would have it.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS 30000
#define POOL_BYTES ((size_t)16 << 20)

static bool moved;
static char *pool;
static void *burst[ROUNDS * 4];
static void *volatile kept[ROUNDS];
static unsigned burst_count, kept_count;

static void *from_pool(size_t size)
{
	void *block = pool;

	pool += (size + 15) & ~(size_t)15;
	return block;
}

static void *touched(void *block, size_t size)
{
	return memset(block, 1, size);
}

static void parse(size_t size)
{
	burst[burst_count++] = touched(malloc(size), size);
}

static void plan(size_t size)
{
	burst[burst_count++] = touched(malloc(size), size);
}

static void join(size_t size)
{
	burst[burst_count++] = touched(malloc(size), size);
}

static void sort(size_t size)
{
	burst[burst_count++] = touched(malloc(size), size);
}

static void remember(size_t size)
{
	void *block = moved ? from_pool(size) : malloc(size);

	kept[kept_count++] = touched(block, size);
}

static void open_log(size_t size)
{
	void *block = moved ? from_pool(size) : malloc(size);

	kept[kept_count++] = touched(block, size);
}

static void end_burst(void)
{
	for (unsigned i = 0; i < burst_count; i++)
		free(burst[i]);
	burst_count = 0;
}

static void run_burst(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		parse(96 + (size_t)(i % 7) * 16);
		plan(200);
		join(350 + (size_t)(i % 3) * 100);
		sort(80);
		if (i % 20 == 19)
			remember(64);
	}
	end_burst();
}

static void run_log(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		parse(300 + (size_t)(i % 11) * 90);
		if (i % 500 == 499)
			open_log(12000);
	}
	end_burst();
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };

	moved = argc > 2;
	pool = mmap(NULL, POOL_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1 && strcmp(argv[1], "log") == 0)
		run_log();
	else
		run_burst();
	puts("ready");
	while (poll(&input, 1, 5) == 0)
		free(touched(malloc(32), 32));
	return 0;
}

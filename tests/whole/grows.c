/*
 * grows - a program that writes down when it held what
 *
 * Usage: grows LEDGER MS [STEP...]
 * The ledger is an array of {CLOCK_MONOTONIC ns, bytes held by grow()}, one entry
 * behind another, mapped shared: it survives a kill as the profile does. Steps, one
 * after the other, each for MS milliseconds: `grow` (1 MB/s, the default), `churn`,
 * `sites` (at 3,000 stacks), `idle`, `drop` (frees it all), `fork` (the child goes on),
 * `lengthen` (one block of 64 KiB and more is made longer, and nothing else happens).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <heapring/heapring.h>

#define ENTRIES (1u << 20)
#define BLOCK 1000u

struct entry {
	uint64_t ns, held;
};

static struct entry *ledger;
static uint32_t entries;
static void *blocks[1u << 18];
static uint32_t blocks_count;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void note(void)
{
	if (entries == ENTRIES)
		abort();
	ledger[entries].held = (uint64_t)blocks_count * BLOCK;
	__atomic_store_n(&ledger[entries++].ns, now_ns(), __ATOMIC_RELEASE);
}

static void grow(void)
{
	blocks[blocks_count] = malloc(BLOCK);
	if (blocks[blocks_count++] == NULL)
		abort();
	note();
}

static void churn(void)
{
	void *volatile block = malloc(64);

	free(block);
}

static void lengthen(void)
{
	static size_t room = 64u << 10;
	static char *text;

	room += 100;
	text = realloc(text, room);
	if (text == NULL)
		abort();
}

/* Every path through the tree of calls is a stack of its own. */
static void site(unsigned path, unsigned depth);
static void left(unsigned path, unsigned depth)
{
	site(path / 2, depth - 1);
}
static void right(unsigned path, unsigned depth)
{
	site(path / 2, depth - 1);
}
static void site(unsigned path, unsigned depth)
{
	if (depth == 0)
		churn();
	else if (path % 2)
		left(path, depth);
	else
		right(path, depth);
}

static void nap(void)
{
	struct timespec t = { 0, 1000000 };

	nanosleep(&t, NULL);
}

static void drop(void)
{
	while (blocks_count > 0)
		free(blocks[--blocks_count]);
	note();
}

static void step(const char *name, uint64_t ms)
{
	uint64_t start = now_ns(), end = start + ms * 1000000u;
	uint32_t before = blocks_count;
	unsigned path = 0;

	heapring_mark(name);
	if (strcmp(name, "drop") == 0) {
		drop();
		return;
	}
	while (now_ns() < end) {
		nap();
		if (strcmp(name, "lengthen") == 0)
			lengthen();
		if (strcmp(name, "idle") == 0 || strcmp(name, "lengthen") == 0)
			continue;
		for (int i = 0; i < 100; i++)
			churn();
		for (int i = 0; strcmp(name, "sites") == 0 && i < 500; i++)
			site(path++ % 3000, 12);
		while (strcmp(name, "grow") == 0 &&
		       (uint64_t)(blocks_count - before) * BLOCK * 1000 <
			       now_ns() - start)
			grow();
	}
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[1], O_RDWR | O_CREAT, 0600) : -1;
	int status = 0;

	if (fd < 0 || ftruncate(fd, ENTRIES * sizeof(struct entry)) != 0)
		return 2;
	ledger = mmap(NULL, ENTRIES * sizeof(struct entry), PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	if (ledger == MAP_FAILED)
		return 2;
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "fork") == 0 && fork() != 0) {
			wait(&status);
			return status;
		}
		if (strcmp(argv[i], "fork") != 0)
			step(argv[i], strtoull(argv[2], NULL, 10));
	}
	return 0;
}

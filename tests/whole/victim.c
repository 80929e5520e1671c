/*
 * victim - threads that allocate for ever, to be killed at any instant
 *
 * Usage: victim FILE THREADS
 * FILE is shared memory: thread i publishes in counts[i] what it has done, each
 * figure right after the call it counts. So a profile that lost nothing is ahead
 * of the file by at most the one call in flight of each thread. Stacks are of
 * ever new shapes, so that the kill may come while the profiler adds one.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS_MAX 8
#define SLOTS 512

struct counts {
	volatile uint64_t allocs, alloc_bytes, frees, free_bytes;
	uint64_t pad[4];
};

static struct counts *counts;

struct block {
	void *at;
	size_t size;
};

static void allocate(struct counts *c, struct block *block, size_t size)
{
	block->at = malloc(size);
	if (block->at == NULL)
		_exit(1);
	block->size = size;
	c->allocs++;
	c->alloc_bytes += size;
}

static void release(struct counts *c, struct block *block)
{
	free(block->at);
	block->at = NULL;
	c->frees++;
	c->free_bytes += block->size;
}

static void left(struct counts *c, struct block *block, unsigned path, size_t size);

static void right(struct counts *c, struct block *block, unsigned path, size_t size)
{
	if (path <= 1)
		allocate(c, block, size);
	else if (path & 1)
		left(c, block, path >> 1, size);
	else
		right(c, block, path >> 1, size);
}

static void left(struct counts *c, struct block *block, unsigned path, size_t size)
{
	if (path <= 1)
		allocate(c, block, size);
	else if (path & 1)
		right(c, block, path >> 1, size);
	else
		left(c, block, path >> 1, size);
}

static void *churn(void *which)
{
	struct counts *c = &counts[(uintptr_t)which];
	unsigned random = (unsigned)(uintptr_t)which + (unsigned)getpid();
	struct block block[SLOTS] = { 0 };

	for (;;) {
		struct block *b = &block[random / 65536 % SLOTS];

		random = random * 1103515245 + 12345;
		if (b->at != NULL)
			release(c, b);
		else
			left(c, b, random >> 18, 1 + random / 256 % 4000);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int fd, threads;

	if (argc != 3)
		return 2;
	fd = open(argv[1], O_RDWR);
	threads = atoi(argv[2]);
	counts = mmap(NULL, THREADS_MAX * sizeof *counts, PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED || threads < 1 || threads > THREADS_MAX)
		return 1;
	for (uintptr_t i = 1; i < (uintptr_t)threads; i++)
		pthread_create(&thread, NULL, churn, (void *)i);
	churn(NULL);
}

/*
 * truth - a C program that knows what each of its functions allocated
 *
 * Usage: truth single|portable|libc|threads
 *   single   every C allocation function; nothing else in the process allocates
 *   portable the same without pvalloc, which some allocators lack
 *   libc     functions of libc that allocate for their caller
 *   threads  threads that free and reallocate each other's blocks
 * Prints the truth as JSON (see ledger.h). Built without optimisation: every
 * function is a frame of its own.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/whole/ledger.h"

#define THREADS 4
#define ROUNDS 2000
#define KEPT 16

static void release(void *block)
{
	free(ledger_remove(block));
}

static void *by_malloc(size_t size)
{
	return ledger_add(__func__, malloc(size), size);
}

static void *by_calloc(size_t n, size_t size)
{
	return ledger_add(__func__, calloc(n, size), n * size);
}

static void *by_realloc(void *block, size_t size)
{
	return ledger_add(__func__, realloc(ledger_remove(block), size), size);
}

static void *by_reallocarray(void *block, size_t n, size_t size)
{
	return ledger_add(__func__, reallocarray(ledger_remove(block), n, size),
			  n * size);
}

static void *by_memalign(size_t align, size_t size)
{
	return ledger_add(__func__, memalign(align, size), size);
}

static void *by_posix_memalign(size_t align, size_t size)
{
	void *block = NULL;

	if (posix_memalign(&block, align, size) != 0)
		return NULL;
	return ledger_add(__func__, block, size);
}

static void *by_aligned_alloc(size_t align, size_t size)
{
	return ledger_add(__func__, aligned_alloc(align, size), size);
}

static void *by_valloc(size_t size)
{
	return ledger_add(__func__, valloc(size), size);
}

static void *by_pvalloc(size_t size)
{
	return ledger_add(__func__, pvalloc(size), size);
}

/* Grows, shrinks, fails, goes to nothing and starts from NULL again. */
static void realloc_chain(void)
{
	static volatile size_t far_too_much = PTRDIFF_MAX;
	void *block = by_realloc(NULL, 10);

	for (size_t size = 20; size < 3000000; size *= 3)
		block = by_realloc(block, size);
	for (size_t size = 1000000; size > 5; size /= 7)
		block = by_realloc(block, size);
	if (realloc(block, far_too_much) != NULL || malloc(far_too_much) != NULL ||
	    reallocarray(block, far_too_much, 16) != NULL)
		_exit(98);
	block = by_realloc(block, 0);
	block = by_realloc(block, 77);
	block = by_reallocarray(block, 13, 11);
	release(by_reallocarray(block, 1300, 11));
	by_reallocarray(NULL, 5, 5); /* stays */
}

static void every_size(void *(*allocate)(size_t))
{
	for (size_t size = 0; size < 200; size++)
		release(allocate(size));
	for (size_t size = 1000; size < 4000000; size *= 5)
		release(allocate(size));
	allocate(33); /* stays */
}

static void every_alignment(void *(*allocate)(size_t, size_t))
{
	for (size_t align = 16; align <= 65536; align *= 4)
		for (size_t size = align; size < 200000; size *= 5)
			release(allocate(align, size));
	allocate(64, 640); /* stays */
}

static void same_block_many_times(void)
{
	for (unsigned i = 0; i < 5000; i++)
		release(by_malloc(48));
	for (unsigned i = 0; i < 5000; i++)
		by_malloc(i % 100);
}

static void portable(void)
{
	every_size(by_malloc);
	every_size(by_valloc);
	every_alignment(by_memalign);
	every_alignment(by_posix_memalign);
	every_alignment(by_aligned_alloc);
	for (size_t n = 0; n < 50; n++)
		release(by_calloc(n, 3 * n));
	by_calloc(7, 9);
	realloc_chain();
	same_block_many_times();
	free(NULL);
}

static void single(void)
{
	every_size(by_pvalloc);
	portable();
}

static void keeps_strdup(void)
{
	static const char *const words[] = { "", "a", "twenty-two characters.." };

	for (unsigned i = 0; i < 3; i++)
		if (strdup(words[i]) != NULL)
			ledger_left_by_libc(__func__, strlen(words[i]) + 1);
	if (strndup("abcdefgh", 5) != NULL)
		ledger_left_by_libc(__func__, 6);
}

static void keeps_asprintf(void)
{
	char *text = NULL;
	int len = asprintf(&text, "%0500d and %s", 7, "more");

	if (len > 0)
		ledger_left_by_libc(__func__, (size_t)len + 1);
}

/* getline tells the size of the buffer it made. */
static void keeps_getline(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *stream = fopen("/proc/self/stat", "r");

	if (stream == NULL || getline(&line, &size, stream) <= 0)
		_exit(98);
	fclose(stream);
	ledger_left_by_libc(__func__, size);
}

static void libc(void)
{
	keeps_strdup();
	keeps_asprintf();
	keeps_getline();
}

/* Blocks pass through here from any thread to any other. */
static struct {
	pthread_mutex_t lock;
	void *block[256];
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Puts a block in and takes another one, or NULL while the pool fills. */
static void *exchange(void *block, unsigned at)
{
	void *other;

	pthread_mutex_lock(&pool.lock);
	at %= 256;
	other = pool.block[at];
	pool.block[at] = block;
	pthread_mutex_unlock(&pool.lock);
	return other;
}

static void *allocate_by_turns(unsigned turn)
{
	switch (turn % 4) {
	case 0:
		return by_malloc(turn % 700);
	case 1:
		return by_calloc(3, turn % 200);
	case 2:
		return by_posix_memalign(64, turn % 1000);
	default:
		return by_realloc(NULL, 1 + turn % 300);
	}
}

static void *trade(void *seed)
{
	unsigned turn = (unsigned)(uintptr_t)seed;

	for (unsigned i = 0; i < ROUNDS; i++) {
		void *other;

		turn = turn * 1103515245 + 12345;
		other = exchange(allocate_by_turns(turn >> 8), turn >> 16);
		if (i % 3 == 0)
			other = by_realloc(other, 1 + turn % 5000);
		release(other);
	}
	for (unsigned i = 0; i < KEPT; i++)
		allocate_by_turns(i);
	return NULL;
}

static void with_threads(void)
{
	pthread_t thread[THREADS];

	for (int round = 0; round < 3; round++) {
		for (uintptr_t i = 0; i < THREADS; i++)
			pthread_create(&thread[i], NULL, trade, (void *)(i + 1));
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(thread[i], NULL);
	}
}

int main(int argc, char **argv)
{
	const char *part = argc > 1 ? argv[1] : "";

	if (strcmp(part, "single") == 0)
		single();
	else if (strcmp(part, "portable") == 0)
		portable();
	else if (strcmp(part, "libc") == 0)
		libc();
	else if (strcmp(part, "threads") == 0)
		with_threads();
	else
		return 2;
	ledger_print();
	return 0;
}

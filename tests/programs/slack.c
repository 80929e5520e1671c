/*
 * slack - blocks of known sizes, and what malloc_usable_size says of them
 *
 * Usage: slack [LEAST]   prints "FUNCTION SLACK" lines, then waits for the end of stdin
 * Small ones, ones of many sizes, large mapped ones, aligned ones.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static size_t slack;
static void *volatile keep[5000];
static unsigned kept;
static size_t least = 1;

static void hold(void *block, size_t size)
{
	keep[kept++] = block;
	slack += malloc_usable_size(block) - size;
}

static void small(void)
{
	for (int i = 0; i < 1000; i++)
		hold(malloc(17), 17);
}

static void mixed(void)
{
	for (size_t size = least; size <= 2000; size++)
		hold(malloc(size), size);
}

static void mapped(void)
{
	for (size_t i = 0; i < 10; i++)
		hold(malloc(200001 + i * 1000), 200001 + i * 1000);
}

static void aligned(void)
{
	for (int i = 0; i < 100; i++)
		hold(aligned_alloc(4096, 4096), 4096);
}

/* The blocks of the middle are freed again: holes between those that live. */
static void holes(void)
{
	unsigned first = kept;

	for (int i = 0; i < 1500; i++)
		keep[kept++] = malloc(100);
	for (unsigned i = first; i < kept; i++)
		if (i % 3 != 0)
			free(keep[i]);
		else
			slack += malloc_usable_size(keep[i]) - 100;
}

static void report(const char *name, void (*make)(void))
{
	slack = 0;
	make();
	printf("%s %zu\n", name, slack);
}

int main(int argc, char **argv)
{
	char byte;

	if (argc > 1)
		least = strtoul(argv[1], NULL, 10);
	report("small", small);
	report("mixed", mixed);
	report("mapped", mapped);
	report("aligned", aligned);
	report("holes", holes);
	puts(".");
	fflush(stdout);
	return read(0, &byte, 1) < 0;
}

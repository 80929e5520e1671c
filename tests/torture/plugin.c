/*
 * plugin - an object that is loaded and unloaded all the time
 *
 * Built twice from this source, with another name for its function: the two lay out
 * alike, so that one's return addresses are the other's.
 */
#include <stdlib.h>

#include "tests/torture/torture.h"

static void *own;

__attribute__((constructor)) static void begin(void)
{
	own = malloc(300);
}

__attribute__((destructor)) static void end(void)
{
	void *late = malloc(200);

	free(own);
	free(late);
}

/* The block outlives the object. */
__attribute__((noinline)) void *PLUGIN(size_t size)
{
	void *volatile block = malloc(size);

	return block;
}

void *plugin_work(size_t size)
{
	void *volatile block = PLUGIN(size);

	return block;
}

/*
 * tags - blocks under tags, from one place of the code and from two threads
 *
 * What each tag holds in the end is a matter of arithmetic: see run_tags.py.
 */
#include <pthread.h>
#include <stdlib.h>

#include <heapring/heapring.h>

#define ROUNDS 3000
#define DEEP 10 /* more than are shown */

static void *volatile last;

static __attribute__((noinline)) void keep(size_t bytes)
{
	last = malloc(bytes);
}

static void serve(int i)
{
	static const char *const tenant[] = { "acme", "bell", "city" };

	heapring_tag_push(tenant[i % 3]);
	for (int part = 0; part < 4; part++) /* often enough to be expected again */
		keep(25);
	if (i % 2 == 0) {
		heapring_tag_push("inner");
		keep(50);
		heapring_tag_pop();
	}
	free(malloc(1000));
	heapring_tag_pop();
	keep(10);
}

static void *serve_all(void *unused)
{
	for (int i = 0; i < ROUNDS; i++)
		serve(i);
	return unused;
}

static void nest(void)
{
	static const char *const name[DEEP] = { "d0", "d1", "d2", "d3", "d4",
						"d5", "d6", "d7", "d8", "d9" };

	for (int i = 0; i < DEEP; i++)
		heapring_tag_push(name[i]);
	keep(7);
	for (int i = 0; i < DEEP; i++)
		heapring_tag_pop();
	heapring_tag_pop(); /* one too many */
	keep(3);
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, serve_all, NULL) != 0)
		return 1;
	serve_all(NULL);
	pthread_join(thread, NULL);
	nest();
	return 0;
}

/*
 * churn - a program for the tests to profile: allocates until it is told to end
 *
 * Usage: churn SECONDS [IDLE]   with IDLE it allocates once and then only sleeps
 * Two threads; the second frees every block that the first hands it, so half of
 * the frees are foreign. Prints "ready" when both run.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEPT 64

static _Atomic(void *) handed;
static atomic_bool ended;
static void *kept[KEPT];

__attribute__((noinline)) static void *make_block(size_t bytes)
{
	void *block = malloc(bytes);

	if (block)
		memset(block, 1, bytes);
	return block;
}

static void *free_handed(void *unused)
{
	(void)unused;
	pthread_setname_np(pthread_self(), "freer");
	while (!atomic_load_explicit(&ended, memory_order_relaxed))
		free(atomic_exchange(&handed, NULL));
	free(atomic_exchange(&handed, NULL));
	return NULL;
}

static void allocate_until(time_t end)
{
	for (unsigned i = 0; time(NULL) < end; i++) {
		free(kept[i % KEPT]);
		kept[i % KEPT] = make_block(16 + i % 1000);
		free(atomic_exchange(&handed, make_block(2000)));
	}
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	pthread_t thread;

	kept[0] = make_block(100);
	if (pthread_create(&thread, NULL, free_handed, NULL) != 0)
		return 1;
	puts("ready");
	fflush(stdout);
	if (argc > 2)
		sleep((unsigned)atoi(argv[1]));
	else
		allocate_until(end);
	atomic_store_explicit(&ended, true, memory_order_relaxed);
	pthread_join(thread, NULL);
	return 0;
}

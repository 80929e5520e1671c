/*
 * makes_threads - threads of every way to end, made at different places
 *
 * Usage: makes_threads [wait]
 * Prints "ready" when all is done; with `wait` it then stays.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#define POOL 3
#define MESSAGES 40

static void *volatile sink;
static int pool_ready;

static void allocate(void)
{
	sink = malloc(100);
	free(sink);
}

static void *pool_worker(void *unused)
{
	allocate();
	__atomic_fetch_add(&pool_ready, 1, __ATOMIC_RELAXED);
	for (;;)
		pause();
	return unused;
}

static void *handle_message(void *how)
{
	allocate();
	if (*(int *)how % 2)
		pthread_exit(NULL);
	return NULL;
}

static int c11_worker(void *unused)
{
	(void)unused;
	allocate();
	return 0;
}

static void start_pool(void)
{
	pthread_t thread;

	for (int i = 0; i < POOL; i++)
		if (pthread_create(&thread, NULL, pool_worker, NULL) != 0 ||
		    pthread_setname_np(thread, "pool") != 0)
			abort();
	while (__atomic_load_n(&pool_ready, __ATOMIC_RELAXED) < POOL)
		usleep(1000);
}

static void thread_per_message(void)
{
	pthread_t thread;

	for (int i = 0; i < MESSAGES; i++)
		if (pthread_create(&thread, NULL, handle_message, &i) != 0 ||
		    pthread_join(thread, NULL) != 0)
			abort();
}

static void cancelled(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, pool_worker, NULL) != 0 ||
	    pthread_cancel(thread) != 0 || pthread_join(thread, NULL) != 0)
		abort();
}

/* A stack larger than any machine has memory for. */
static void refused(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, (size_t)1 << 46);
	if (pthread_create(&thread, &attributes, pool_worker, NULL) == 0)
		abort();
}

static void c11(void)
{
	thrd_t thread;

	if (thrd_create(&thread, c11_worker, NULL) != thrd_success ||
	    thrd_join(thread, NULL) != thrd_success)
		abort();
}

int main(int argc, char **argv)
{
	start_pool();
	thread_per_message();
	cancelled();
	refused();
	c11();
	puts("ready");
	fflush(stdout);
	while (argc > 1 && strcmp(argv[1], "wait") == 0)
		pause();
	return 0;
}

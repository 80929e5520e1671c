/*
 * waves - programs whose memory rises and falls, threads that come and stay, holes
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scenarios/scenario.h"

#define ROOM 60000u

static char *kept[ROOM];
static unsigned kept_count;

SCENARIO static void gather(size_t bytes)
{
	if (kept_count < ROOM)
		kept[kept_count++] = scenario_use(malloc(bytes), bytes);
}

SCENARIO static void drop_all(void)
{
	while (kept_count > 0)
		free(kept[--kept_count]);
}

/* A batch that is full goes. */
static void batch(double scale)
{
	while (scenario_tick(1000)) {
		gather(400);
		if (kept_count >= 1000 * scale)
			drop_all();
	}
}

/* Up, then slowly down. */
static void tide(double scale)
{
	unsigned n = 0, period = (unsigned)(1000 * scale);

	while (scenario_tick(500)) {
		if (n++ % period < period / 2)
			gather(1000);
		else if (kept_count > 0)
			free(kept[--kept_count]);
	}
}

/* The whole workload begins anew a few times. */
static void restarts(double scale)
{
	unsigned rounds = 4, n = 0;

	while (scenario_tick(500)) {
		gather((size_t)(600 * scale));
		if (n++ > 500 * scenario_seconds() / rounds) {
			drop_all();
			n = 0;
		}
	}
}

SCENARIO static void keep_line(unsigned n)
{
	char *line = NULL;

	if (kept_count < ROOM && asprintf(&line, "error %u: the peer went away", n) > 0)
		kept[kept_count++] = line;
}

static void log_burst(double scale)
{
	unsigned n = 0, period = (unsigned)(1000 * scale);

	while (scenario_tick(1000)) {
		unsigned phase = n++ % period;

		if (phase < period / 2)
			for (int i = 0; i < 5; i++)
				keep_line(n);
		else if (phase == period / 2)
			drop_all();
	}
}

/* On top of a heap that stays. */
static void batch_on_heap(double scale)
{
	for (int i = 0; i < 2000; i++)
		scenario_use(malloc(500), 500);
	while (scenario_tick(1000)) {
		gather(1000);
		if (kept_count >= 1500 * scale)
			drop_all();
	}
}

static void *wait_forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *answer(void *arg)
{
	usleep(3000);
	free(arg);
	return NULL;
}

SCENARIO static void start_thread(void *(*body)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, body, arg) != 0)
		free(arg);
	pthread_attr_destroy(&attr);
}

static void thread_leak(double scale)
{
	while (scenario_tick(10 * scale)) {
		start_thread(wait_forever, NULL);
		free(scenario_use(malloc(500), 500));
	}
}

static void thread_pool(double scale)
{
	for (int i = 0; i < 8; i++)
		start_thread(wait_forever, NULL);
	while (scenario_tick(300 * scale))
		free(scenario_use(malloc(500), 500));
}

static void thread_per_message(double scale)
{
	while (scenario_tick(500))
		for (int i = 0; i < 2 * scale; i++)
			start_thread(answer, malloc(300));
}

/* Every second block goes: the pages of the others stay. */
SCENARIO static void fill(unsigned blocks, size_t bytes)
{
	for (unsigned i = 0; i < blocks; i++)
		gather(bytes);
}

static void holes(double scale)
{
	bool freed = false;

	fill((unsigned)(40000 * scale), 1000);
	while (scenario_tick(100)) {
		free(scenario_use(malloc(200), 200));
		if (freed || scenario_done() < 0.3)
			continue;
		for (unsigned i = 0; i < kept_count; i++)
			if (i % 8 != 0) {
				free(kept[i]);
				kept[i] = NULL;
			}
		freed = true;
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "batch", batch },
		{ "tide", tide },
		{ "restarts", restarts },
		{ "log-burst", log_burst },
		{ "batch-on-heap", batch_on_heap },
		{ "thread-leak", thread_leak },
		{ "thread-pool", thread_pool },
		{ "thread-per-message", thread_per_message },
		{ "holes", holes },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

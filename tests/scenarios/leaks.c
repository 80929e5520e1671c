/*
 * leaks - programs that lose memory, each in another way
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scenarios/scenario.h"

SCENARIO static void forget(size_t bytes)
{
	scenario_use(malloc(bytes), bytes);
}

SCENARIO static void handle_request(size_t bytes)
{
	free(scenario_use(malloc(bytes), bytes));
}

static char *ring[2000];

/* A steady working set whose blocks come and go. */
SCENARIO static void traffic(unsigned blocks)
{
	for (unsigned i = 0; i < blocks; i++) {
		unsigned slot = scenario_random(2000);
		size_t bytes = 50 + scenario_random(1000);

		free(ring[slot]);
		ring[slot] = scenario_use(malloc(bytes), bytes);
	}
}

static void plain(double scale)
{
	while (scenario_tick(200 * scale))
		forget(64);
}

static void below_traffic(double scale)
{
	unsigned n = 0;

	while (scenario_tick(200)) {
		traffic(40);
		if (n++ % (unsigned)(10 / scale) == 0)
			forget(48);
	}
}

static void rare_and_large(double scale)
{
	while (scenario_tick(2.5 * scale)) {
		forget(256 << 10);
		traffic(100);
	}
}

/* One buffer in a hundred is not given back: the same stack as the others. */
SCENARIO static void read_message(unsigned n, unsigned every)
{
	char *buffer = scenario_use(malloc(512), 512);

	if (n % every != 0)
		free(buffer);
}

static void error_path(double scale)
{
	unsigned n = 0;

	while (scenario_tick(1000))
		read_message(n++, (unsigned)(100 / scale));
}

static void late(double scale)
{
	while (scenario_tick(200)) {
		traffic(10);
		if (scenario_done() > 0.5)
			forget((size_t)(200 * scale));
	}
}

static void after_startup(double scale)
{
	for (unsigned i = 0; i < 4000; i++)
		scenario_use(malloc(8000), 8000);
	while (scenario_tick(100 * scale))
		forget(500);
}

SCENARIO static void *append(void *array, size_t length)
{
	return scenario_use(realloc(array, length), length);
}

static void grows_by_realloc(double scale)
{
	size_t used = 0, room = 1024;
	char *array = append(NULL, room);

	while (scenario_tick(200)) {
		used += (size_t)(2000 * scale);
		while (used > room) {
			room += room / 8 + 4096;
			array = append(array, room);
		}
		traffic(5);
	}
}

static void exponential(double scale)
{
	double due = 1024, per_second = 0.9 * scale, lost = 0;

	while (scenario_tick(50)) {
		due *= 1 + per_second / 50;
		for (; lost < due && lost < 4e8; lost += 512)
			forget(512);
		traffic(5);
	}
}

SCENARIO static void descend(unsigned depth)
{
	if (depth == 0)
		forget(80);
	else
		descend(depth - 1);
	__asm__ volatile("");
}

static void many_stacks(double scale)
{
	while (scenario_tick(300 * scale)) {
		descend(scenario_random(60));
		traffic(5);
	}
}

SCENARIO static void *xmalloc(size_t bytes)
{
	void *block = malloc(bytes);

	return block ? block : (abort(), NULL);
}

SCENARIO static void load_config(void)
{
	for (int i = 0; i < 50; i++)
		scenario_use(xmalloc(300), 300);
}

SCENARIO static void serve_page(void)
{
	void *page = scenario_use(xmalloc(4000), 4000);

	free(page);
}

SCENARIO static void open_session(void)
{
	scenario_use(xmalloc(120), 120);
}

static void wrapper(double scale)
{
	load_config();
	while (scenario_tick(300 * scale)) {
		serve_page();
		open_session();
	}
}

static char *batch[400];

/* A batch is flushed again and again, and each flush forgets a part of it. */
SCENARIO static void gather(unsigned i)
{
	batch[i] = scenario_use(malloc(1000), 1000);
}

static void below_teeth(double scale)
{
	unsigned n = 0;

	while (scenario_tick(400)) {
		gather(n++);
		if (n < 400)
			continue;
		for (unsigned i = (unsigned)(40 * scale); i < n; i++)
			free(batch[i]);
		n = 0;
	}
}

static double worker_scale;

SCENARIO static void *work(void *arg)
{
	unsigned pause = (unsigned)(20000 / worker_scale);

	for (;;) {
		forget(150);
		handle_request(3000);
		usleep(pause);
	}
	return arg;
}

static void in_threads(double scale)
{
	pthread_t thread;

	worker_scale = scale;
	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, work, NULL);
	while (scenario_tick(100))
		traffic(10);
}

struct item {
	struct item *next;
	char text[100];
};

static struct item *history;

/* Still reachable, so LeakSanitizer would call it no leak. */
SCENARIO static void remember(void)
{
	struct item *item = scenario_use(calloc(1, sizeof(*item)), sizeof(*item));

	item->next = history;
	history = item;
}

static void reachable(double scale)
{
	while (scenario_tick(100 * scale)) {
		remember();
		traffic(10);
	}
}

static void burst_leak(double scale)
{
	unsigned n = 0;

	while (scenario_tick(20))
		if (n++ % 10 == 0)
			for (int i = 0; i < 50 * scale; i++)
				forget(100);
		else
			traffic(50);
}

/* Freed all at the end: the trend was there nevertheless. */
static void freed_at_exit(double scale)
{
	struct item *next;

	while (scenario_tick(100 * scale)) {
		remember();
		traffic(10);
	}
	for (; history; history = next) {
		next = history->next;
		free(history);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "plain", plain },
		{ "below-traffic", below_traffic },
		{ "rare-and-large", rare_and_large },
		{ "error-path", error_path },
		{ "late", late },
		{ "after-startup", after_startup },
		{ "grows-by-realloc", grows_by_realloc },
		{ "exponential", exponential },
		{ "many-stacks", many_stacks },
		{ "wrapper", wrapper },
		{ "below-teeth", below_teeth },
		{ "in-threads", in_threads },
		{ "reachable", reachable },
		{ "in-bursts", burst_leak },
		{ "freed-at-exit", freed_at_exit },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

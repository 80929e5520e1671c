/*
 * processes - workers, children, phases and collectors: memory by who runs and when
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/scenarios/scenario.h"

SCENARIO static void serve(unsigned blocks)
{
	for (unsigned i = 0; i < blocks; i++)
		free(scenario_use(malloc(30 + scenario_random(900)), 1));
}

/* --- eight workers, one of which does not give back --- */

SCENARIO static void handle_request(bool forgets, unsigned n)
{
	char *frame = scenario_use(malloc(220), 1);

	if (!forgets || n % 8 != 0)
		free(frame);
}

static void *worker(void *forgets)
{
	for (unsigned n = 0;; n++) {
		handle_request(forgets != NULL, n);
		usleep(4000);
	}
	return NULL;
}

static void start_workers(unsigned bad)
{
	static char yes;
	pthread_t thread;

	for (unsigned i = 0; i < 8; i++)
		pthread_create(&thread, NULL, worker, i == bad ? &yes : NULL);
	while (scenario_tick(100))
		serve(5);
}

static void one_of_eight(double scale)
{
	start_workers((unsigned)(5 * scale));
}

static void all_eight_well(double scale)
{
	start_workers((unsigned)(100 * scale));
}

/* --- each thread keeps spare blocks of its own --- */

static void *keeps_spares(void *rounds)
{
	void *spare[128] = { NULL };

	for (unsigned n = 0;; n++) {
		unsigned i = scenario_random(128);

		if (!spare[i])
			spare[i] = scenario_use(malloc(256), 1);
		usleep(*(useconds_t *)rounds);
	}
	return NULL;
}

static void thread_caches(double scale)
{
	useconds_t rest = (useconds_t)(6000 / scale);
	pthread_t thread;

	for (int i = 0; i < 6; i++)
		pthread_create(&thread, NULL, keeps_spares, &rest);
	while (scenario_tick(100))
		serve(2);
}

/* --- handlers that wait for a lock that nobody gives back --- */

static pthread_mutex_t stuck = PTHREAD_MUTEX_INITIALIZER;

static atomic_uint handlers_waiting;

static void *wants_lock(void *arg)
{
	pthread_mutex_lock(&stuck);
	pthread_mutex_unlock(&stuck);
	handlers_waiting--;
	return arg;
}

SCENARIO static void start_handler(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	handlers_waiting++;
	pthread_create(&thread, &attr, wants_lock, NULL);
	pthread_attr_destroy(&attr);
}

static void lock_convoy(double scale)
{
	pthread_mutex_lock(&stuck);
	while (scenario_tick(8 * scale)) {
		start_handler();
		serve(3);
	}
}

/* The lock is given back now and then, until all had it: however slow the machine is. */
static void lock_queues(double scale)
{
	pthread_mutex_lock(&stuck);
	for (unsigned n = 1; scenario_tick(20 * scale); n++) {
		start_handler();
		if (n % 15 != 0)
			continue;
		pthread_mutex_unlock(&stuck);
		while (handlers_waiting > 0)
			usleep(1000);
		pthread_mutex_lock(&stuck);
	}
}

/* --- a process for each request --- */

struct child {
	struct child *next;
	pid_t pid;
	char request[100];
};

static struct child *children;

SCENARIO static void fork_worker(void)
{
	struct child *child = scenario_use(malloc(sizeof(*child)), 1);

	child->pid = fork();
	if (child->pid == 0) {
		serve(20);
		_exit(0);
	}
	child->next = children;
	children = child;
}

SCENARIO static void reap(bool give_back)
{
	pid_t pid = waitpid(-1, NULL, WNOHANG);

	for (struct child **at = &children, *c = *at; c; at = &c->next, c = *at) {
		if (c->pid != pid)
			continue;
		*at = c->next;
		if (give_back)
			free(c);
		return;
	}
}

static void fork_server(double scale)
{
	while (scenario_tick(12 * scale)) {
		serve(10);
		fork_worker();
		reap(true);
	}
}

static void fork_forgets(double scale)
{
	while (scenario_tick(12 * scale)) {
		serve(10);
		fork_worker();
		reap(false);
	}
}

/* --- bursts, each of which leaves a little --- */

SCENARIO static void on_message(unsigned n)
{
	char *text = scenario_use(malloc(120), 1);
	char *note = scenario_use(malloc(48), 1);

	free(text);
	if (n % 150 != 0)
		free(note);
}

static void burst_leak(double scale)
{
	unsigned n = 0;

	while (scenario_tick(100)) {
		bool burst = fmod(scenario_done() * 7, 1) < 0.2;

		for (unsigned i = 0; i < (burst ? 60 : 2) * scale; i++)
			on_message(n++);
	}
}

/* Storm for half of each two seconds, quiet in the other. */
SCENARIO static void render_tile(void)
{
	free(scenario_use(malloc(480), 1));
}

static void storm_phases(double scale)
{
	while (scenario_tick(200)) {
		bool storm = fmod(scenario_done() * 4, 1) < 0.5;

		for (unsigned i = 0; i < (storm ? 4000 : 4) * scale; i++)
			render_tile();
	}
}

/* --- a component loses memory, is restarted once, and is well from then on --- */

static void *lost[4000];
static unsigned lost_count;

SCENARIO static void component_works(void)
{
	if (lost_count < 4000)
		lost[lost_count++] = scenario_use(malloc(300), 1);
}

static void repaired(double scale)
{
	while (scenario_tick(300 * scale)) {
		double done = scenario_done();

		serve(2);
		if (done < 0.4)
			component_works();
		while (done > 0.4 && lost_count > 0)
			free(lost[--lost_count]);
	}
}

/* A lost order for each one of a load that comes and goes. */
SCENARIO static void track_order(void)
{
	scenario_use(malloc(136), 1);
}

static void seasonal(double scale)
{
	double due = 0;

	while (scenario_tick(200)) {
		due += scale * (1 + 0.9 * sin(2 * M_PI * 5 * scenario_done())) * 0.4;
		serve(3);
		for (; due > 1; due--)
			track_order();
	}
}

/* --- a collector that runs when twice as much is there as survived the last time --- */

static void *objects[20000];
static unsigned used, roots, threshold = 500;

SCENARIO static void collect(void)
{
	while (used > roots)
		free(objects[--used]);
	threshold = 400 + 2 * roots;
}

SCENARIO static void new_object(void)
{
	if (used >= threshold)
		collect();
	objects[used++] = scenario_use(malloc(96), 1);
}

SCENARIO static void add_global(void)
{
	void *last = objects[used - 1];

	objects[used - 1] = objects[roots];
	objects[roots++] = last;
}

static void collected(double scale)
{
	while (scenario_tick(700 * scale))
		new_object();
}

static void collected_but_grows(double scale)
{
	for (unsigned n = 0; scenario_tick(800 * scale); n++) {
		new_object();
		if (n % 5 == 0)
			add_global();
	}
}

/* --- log files: closed ones are freed, what is known of them is not --- */

SCENARIO static char *write_log(char *log, size_t *room, size_t *at)
{
	*at += 90;
	if (*at > *room) {
		*room = *at * 2;
		log = realloc(log, *room);
	}
	return scenario_use(log, 1);
}

SCENARIO static void rotate_log(void)
{
	scenario_use(malloc(700), 1);
}

static void log_names(double scale)
{
	size_t room = 0, at = 0;
	char *log = NULL;

	for (unsigned n = 1; scenario_tick(400 * scale); n++) {
		log = write_log(log, &room, &at);
		if (n % 100 != 0)
			continue;
		rotate_log();
		free(log);
		log = NULL;
		room = at = 0;
	}
}

/* --- an index in a mapped file, of which pages of entries are looked at --- */

static void mapped_index(double scale)
{
	static void *looked_at[64];
	char *index = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	while (scenario_tick(300 * scale)) {
		unsigned i = scenario_random(64);

		index[scenario_random(16 << 20)] = 1;
		free(looked_at[i]);
		looked_at[i] = scenario_use(malloc(200 + scenario_random(800)), 1);
	}
}

/* Three settings are turned up, one after the other, and stay. */
static void turned_up(double scale)
{
	while (scenario_tick(200)) {
		unsigned wanted =
			(unsigned)(300 * scale * (1 + floor(scenario_done() * 3)));

		while (lost_count < wanted && lost_count < 900)
			lost[lost_count++] = scenario_use(malloc(700), 1);
		serve(4);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "one-of-eight", one_of_eight },
		{ "all-eight-well", all_eight_well },
		{ "thread-caches", thread_caches },
		{ "lock-convoy", lock_convoy },
		{ "lock-queues", lock_queues },
		{ "fork-server", fork_server },
		{ "fork-forgets", fork_forgets },
		{ "burst-leak", burst_leak },
		{ "storm-phases", storm_phases },
		{ "repaired", repaired },
		{ "seasonal", seasonal },
		{ "collected", collected },
		{ "collected-but-grows", collected_but_grows },
		{ "log-names", log_names },
		{ "mapped-index", mapped_index },
		{ "turned-up", turned_up },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

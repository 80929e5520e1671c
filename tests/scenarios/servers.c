/*
 * servers - programs with threads, arenas, reference counts and deferred frees
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scenarios/scenario.h"

/* --- jobs that workers take from a queue --- */

struct job {
	struct job *next;
	char *input, *result;
};

static struct job *jobs;
static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned keep_one_in;

SCENARIO static void submit(void)
{
	struct job *job = scenario_use(calloc(1, sizeof(*job)), 1);

	job->input = scenario_use(malloc(300), 300);
	pthread_mutex_lock(&jobs_lock);
	job->next = jobs;
	jobs = job;
	pthread_mutex_unlock(&jobs_lock);
}

SCENARIO static struct job *next_job(void)
{
	struct job *job;

	pthread_mutex_lock(&jobs_lock);
	job = jobs;
	jobs = job ? job->next : NULL;
	pthread_mutex_unlock(&jobs_lock);
	return job;
}

SCENARIO static void finish_job(struct job *job, unsigned n)
{
	job->result = scenario_use(malloc(180), 180);
	free(job->input);
	if (!keep_one_in || n % keep_one_in != 0)
		free(job->result);
	free(job);
}

static void *worker(void *arg)
{
	struct job *job;

	for (unsigned n = 0;;) {
		job = next_job();
		if (job)
			finish_job(job, n++);
		else
			usleep(2000);
	}
	return arg;
}

static void serve_jobs(double scale, unsigned keep)
{
	pthread_t thread;

	keep_one_in = keep;
	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, worker, NULL);
	while (scenario_tick(600 * scale))
		submit();
}

static void workers_leak(double scale)
{
	serve_jobs(scale, 20);
}

static void workers(double scale)
{
	serve_jobs(scale, 0);
}

/* --- an arena for each request, of chunks --- */

struct chunk {
	struct chunk *next;
	size_t used;
	char bytes[8000];
};

static struct chunk *arena;

SCENARIO static void *arena_alloc(size_t bytes)
{
	struct chunk *chunk = arena;

	if (!chunk || chunk->used + bytes > sizeof(chunk->bytes)) {
		chunk = scenario_use(malloc(sizeof(*chunk)), sizeof(*chunk));
		chunk->next = arena;
		chunk->used = 0;
		arena = chunk;
	}
	chunk->used += bytes;
	return chunk->bytes + chunk->used - bytes;
}

SCENARIO static void arena_reset(void)
{
	struct chunk *next;

	for (; arena; arena = next) {
		next = arena->next;
		free(arena);
	}
}

SCENARIO static void render_page(void)
{
	for (int i = 0; i < 20; i++)
		scenario_use(arena_alloc(64), 1);
}

static void arena_kept(double scale)
{
	while (scenario_tick(60 * scale))
		render_page();
}

static void arena_per_request(double scale)
{
	while (scenario_tick(100 * scale)) {
		render_page();
		render_page();
		arena_reset();
	}
}

/* --- reference counts: of each object one reference in 40 is not given back --- */

struct object {
	unsigned references;
	char body[120];
};

SCENARIO static struct object *make_object(void)
{
	struct object *object = scenario_use(malloc(sizeof(*object)), 1);

	object->references = 2;
	return object;
}

SCENARIO static void drop(struct object *object)
{
	if (--object->references == 0)
		free(object);
}

static void references(double scale)
{
	for (unsigned n = 0; scenario_tick(500 * scale); n++) {
		struct object *object = make_object();

		drop(object);
		if (n % 40 != 0)
			drop(object);
	}
}

/* --- what is freed is given back only after a while (epochs) --- */

static void *limbo[4096];
static unsigned limbo_used;

SCENARIO static void update(void)
{
	void *version = scenario_use(malloc(200), 200);

	if (limbo_used < 4096)
		limbo[limbo_used++] = version;
	else
		free(version);
}

static void epochs(double scale)
{
	for (unsigned n = 0; scenario_tick(800); n++) {
		update();
		if (n % (unsigned)(640 * scale) == 0)
			while (limbo_used > 0)
				free(limbo[--limbo_used]);
	}
}

/* --- a binary heap of timers: more are set than fire --- */

static void **timers;
static size_t timers_used, timers_room;

SCENARIO static void set_timer(void)
{
	if (timers_used == timers_room) {
		timers_room = timers_room ? timers_room * 2 : 8;
		timers = realloc(timers, timers_room * sizeof(*timers));
	}
	timers[timers_used++] = scenario_use(malloc(72), 72);
}

static void timers_pile_up(double scale)
{
	for (unsigned n = 0; scenario_tick(300); n++) {
		set_timer();
		if (n % 10 >= 3 * scale && timers_used > 0)
			free(timers[--timers_used]);
	}
}

/* --- subsystems that begin when they are first used --- */

static void *subsystems[60];

SCENARIO static void use_subsystem(unsigned n)
{
	if (!subsystems[n])
		subsystems[n] = scenario_use(malloc(5000), 5000);
	free(scenario_use(malloc(100), 1));
}

static void lazy_start(double scale)
{
	while (scenario_tick(25 * scale))
		use_subsystem(scenario_random(60));
}

/* --- loads that are not level --- */

static void *held[4000];
static unsigned held_used;

SCENARIO static void hold(double wanted)
{
	while (held_used < wanted && held_used < 4000)
		held[held_used++] = scenario_use(malloc(900), 900);
	while (held_used > 0 && held_used > wanted)
		free(held[--held_used]);
}

/* Up for the first six tenths, down again, and then some more work. */
static void hump(double scale)
{
	while (scenario_tick(250)) {
		double done = scenario_done();

		hold(scale * (done < 0.5   ? 3000 * done
			      : done < 0.7 ? 7500 * (0.7 - done)
					   : 0));
		free(scenario_use(malloc(300), 1));
	}
}

/* A day and a quarter, which ends at noon. */
static void ends_at_noon(double scale)
{
	while (scenario_tick(250)) {
		hold(scale * (1000 + 800 * sin(2 * M_PI * 1.25 * scenario_done())));
		free(scenario_use(malloc(300), 1));
	}
}

/* --- every two seconds all peers come back, and what they subscribed to stays --- */

SCENARIO static void subscribe_again(void)
{
	for (int i = 0; i < 20; i++)
		scenario_use(malloc(110), 1);
}

static void reconnect_storms(double scale)
{
	for (unsigned n = 0; scenario_tick(100); n++) {
		free(scenario_use(malloc(400), 1));
		if (n % (unsigned)(80 / scale) == 0)
			subscribe_again();
	}
}

/* --- threads --- */

static void *serve_connection(void *arg)
{
	char *buffer = scenario_use(malloc(5000), 5000);

	usleep(200000 + scenario_random(400000));
	free(buffer);
	return arg;
}

SCENARIO static void accept_connection(void *(*body)(void *))
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_create(&thread, &attr, body, NULL);
	pthread_attr_destroy(&attr);
}

static void connection_threads(double scale)
{
	while (scenario_tick(12 * scale))
		accept_connection(serve_connection);
}

static void *wait_for_work(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* One more thread now and then until there are twelve, early on. */
static void pool_grows(double scale)
{
	for (unsigned n = 0; scenario_tick(100); n++) {
		if (n % (unsigned)(15 * scale) == 0 && n < 12 * (unsigned)(15 * scale))
			accept_connection(wait_for_work);
		free(scenario_use(malloc(400), 1));
	}
}

/* --- without a pause --- */

static volatile double result;

SCENARIO static void compute(unsigned n)
{
	double *row = scenario_use(malloc(64 * sizeof(*row)), 1);

	for (int i = 0; i < 64; i++)
		row[i] = sqrt(n + i);
	result = row[n % 64];
	free(row);
}

static void flat_out(double scale)
{
	while (scenario_done() < 1)
		for (unsigned n = 0; n < 1000 * scale; n++)
			compute(n);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "workers-leak", workers_leak },
		{ "workers", workers },
		{ "arena-kept", arena_kept },
		{ "arena-per-request", arena_per_request },
		{ "references", references },
		{ "epochs", epochs },
		{ "timers-pile-up", timers_pile_up },
		{ "lazy-start", lazy_start },
		{ "hump", hump },
		{ "ends-at-noon", ends_at_noon },
		{ "reconnect-storms", reconnect_storms },
		{ "connection-threads", connection_threads },
		{ "pool-grows", pool_grows },
		{ "flat-out", flat_out },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

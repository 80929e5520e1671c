/*
 * loads - what a program's load does to its heap: ramps, days and nights, phases,
 * reloads, caches that fill, with and without a leak below
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/scenario.h"

#define ROOM 60000u

static char *held[ROOM];
static unsigned held_count;

/* A median of `median` bytes, one in six above e times that. */
static size_t log_normal(double median, double sigma)
{
	double u = (scenario_random(1000000) + 0.5) / 1e6;
	double v = (scenario_random(1000000) + 0.5) / 1e6;
	double normal = sqrt(-2 * log(u)) * cos(2 * M_PI * v);

	return (size_t)fmin(1 << 20, 16 + median * exp(sigma * normal));
}

SCENARIO static void replace(unsigned slot, size_t bytes)
{
	free(held[slot]);
	held[slot] = scenario_use(malloc(bytes), bytes);
}

SCENARIO static char *open_connection(size_t bytes)
{
	return scenario_use(calloc(1, bytes), bytes);
}

/* Open connections follow the target: more are opened, or some are closed. */
static void follow(unsigned target, size_t bytes)
{
	while (held_count < target && held_count < ROOM)
		held[held_count++] = open_connection(bytes);
	while (held_count > target)
		free(held[--held_count]);
}

static void turn_over(unsigned times, size_t bytes)
{
	for (unsigned i = 0; i < times && held_count > 0; i++) {
		unsigned slot = scenario_random(held_count);

		free(held[slot]);
		held[slot] = open_connection(bytes);
	}
}

static void log_normal_sizes(double scale)
{
	unsigned room = (unsigned)(2000 * scale);

	for (unsigned i = 0; i < room; i++)
		replace(i, log_normal(200, 1));
	while (scenario_tick(1000))
		replace(scenario_random(room), log_normal(200, 1));
}

static void *lost;

SCENARIO static void keep_result(size_t bytes)
{
	lost = scenario_use(malloc(bytes), bytes);
}

static void log_normal_leak(double scale)
{
	for (unsigned i = 0; i < 1000; i++)
		replace(i, log_normal(200, 1));
	while (scenario_tick(500)) {
		replace(scenario_random(1000), log_normal(200, 1));
		if (scenario_random(1000) < 60 * scale)
			keep_result(log_normal(80, 1));
	}
}

/* Clients come for a part of the time, and then others come for those that go. */
static void ramp_until(double part, double scale)
{
	while (scenario_tick(200)) {
		follow((unsigned)(1500 * scale * fmin(1, scenario_done() / part)), 700);
		turn_over(3, 700);
	}
}

static void ramp_then_steady(double scale)
{
	ramp_until(0.4, scale);
}

static void long_ramp(double scale)
{
	ramp_until(0.7, scale);
}

static double day(double days)
{
	return 0.5 - 0.5 * cos(2 * M_PI * days * scenario_done());
}

static void day_and_night(double scale)
{
	while (scenario_tick(200)) {
		follow((unsigned)(200 + 1500 * scale * day(4)), 500);
		turn_over(2, 500);
	}
}

SCENARIO static void note_visit(void)
{
	lost = scenario_use(malloc(72), 72);
}

static void day_and_night_leak(double scale)
{
	for (unsigned n = 0; scenario_tick(200); n++) {
		follow((unsigned)(200 + 800 * day(4)), 500);
		turn_over(2, 500);
		for (int i = 0; i < 2 * scale; i++)
			note_visit();
	}
}

/* Least recently used goes when it is full; keys hardly ever come again. */
SCENARIO static void cache_store(unsigned n, unsigned room, size_t bytes)
{
	replace(n % room, bytes);
}

static void fill_by(double part, double scale)
{
	unsigned room = (unsigned)(600 * scale * scenario_seconds() * part);

	for (unsigned n = 0; scenario_tick(600 * scale); n++) {
		cache_store(n, room, 250);
		free(scenario_use(malloc(60), 60));
	}
}

static void fills_in_half(double scale)
{
	fill_by(0.5, scale);
}

static void fills_late(double scale)
{
	fill_by(0.75, scale);
}

/* Full at a part of the time; afterwards every look-up hits, and only temporaries come.
 */
static void fills_then_hits(double scale)
{
	unsigned room = (unsigned)(600 * scale * scenario_seconds() * 0.4);

	for (unsigned n = 0; scenario_tick(600 * scale); n++) {
		if (n < room)
			cache_store(n, room, 250);
		free(scenario_use(malloc(60), 60));
	}
}

/* Each entry is forgotten after its time to live. */
static void time_to_live(double scale)
{
	unsigned alive = (unsigned)(500 * scale * scenario_seconds() * 0.3), n = 0;

	for (; scenario_tick(500 * scale); n++) {
		replace(n % ROOM, 100 + scenario_random(300));
		if (n < alive)
			continue;
		free(held[(n - alive) % ROOM]);
		held[(n - alive) % ROOM] = NULL;
	}
}

/* Entries are put in all the time; a sweeper comes by now and then. */
static void swept(double scale)
{
	unsigned each = (unsigned)(600 * scale), from = 0, n = 0;

	while (scenario_tick(600)) {
		replace(n++ % ROOM, 300);
		if (n % each != 0)
			continue;
		for (; from + each / 4 < n; from++) {
			free(held[from % ROOM]);
			held[from % ROOM] = NULL;
		}
	}
}

struct config {
	char *line[400];
};

SCENARIO static struct config *load_config(void)
{
	struct config *config = scenario_use(malloc(sizeof(*config)), sizeof(*config));

	for (int i = 0; i < 400; i++)
		config->line[i] = scenario_use(malloc(20 + scenario_random(100)), 20);
	return config;
}

static void unload(struct config *config, int lines)
{
	for (int i = 0; i < lines; i++)
		free(config->line[i]);
	free(config);
}

/* The new configuration is there before the old one goes; `lines` of it do. */
static void reload(double seconds, int lines)
{
	struct config *config = load_config(), *old;
	unsigned n = 0, each = (unsigned)(200 * seconds);

	while (scenario_tick(200)) {
		free(scenario_use(malloc(2000), 2000));
		if (++n % each != 0)
			continue;
		old = config;
		config = load_config();
		unload(old, lines);
	}
}

static void reloads(double scale)
{
	reload(0.4 * scale, 400);
}

static void reload_leak(double scale)
{
	reload(0.4 * scale, 340);
}

SCENARIO static void *load_rows(size_t bytes)
{
	return scenario_use(malloc(bytes), bytes);
}

SCENARIO static void summarise(void)
{
	lost = scenario_use(malloc(900), 900);
}

/* Rows come in, are worked on, and go; the summary is printed and forgotten. */
static void jobs(double scale, bool leaks)
{
	unsigned each = (unsigned)(400 * scale);

	for (unsigned n = 0; scenario_tick(400); n++) {
		unsigned phase = n % each;

		if (phase < each / 3)
			for (int i = 0; i < 4; i++)
				held[held_count++] = load_rows(800);
		else if (phase < each - 1)
			free(scenario_use(malloc(500), 500));
		else
			follow(0, 0);
		if (leaks && phase >= each - 8)
			summarise();
	}
}

static void batch_jobs(double scale)
{
	jobs(scale, false);
}

static void batch_jobs_leak(double scale)
{
	jobs(scale, true);
}

/* Load, work, write out. */
static void three_phases(double scale)
{
	while (scenario_tick(400)) {
		double done = scenario_done();

		if (done < 0.25)
			follow((unsigned)(8000 * scale * done), 600);
		else if (done < 0.75)
			free(scenario_use(malloc(900), 900));
		else
			follow((unsigned)(8000 * scale * (1 - done)), 600);
	}
}

static void startup_table(double scale)
{
	for (unsigned i = 0; i < 30000 * scale; i++)
		held[i] = load_rows(300 + scenario_random(500));
	while (scenario_tick(500)) {
		free(scenario_use(malloc(300), 300));
		free(scenario_use(malloc(40), 40));
	}
}

/* A third of the time goes by until the table is there. */
static void slow_startup(double scale)
{
	unsigned rows = (unsigned)(3000 * scale), n = 0;

	while (scenario_tick(600)) {
		for (; n < rows && n < rows * scenario_done() / 0.3; n++)
			held[n] = load_rows(900);
		free(scenario_use(malloc(300), 300));
	}
}

/* The next generation is built while the present one serves, then they change places. */
static void two_generations(double scale)
{
	unsigned rows = (unsigned)(1500 * scale), n = 0;
	char **next = calloc(rows, sizeof(*next)), **now = calloc(rows, sizeof(*now));

	while (scenario_tick(2000 * scale)) {
		next[n++] = load_rows(400);
		if (n < rows)
			continue;
		for (n = 0; n < rows; n++) {
			free(now[n]);
			now[n] = next[n];
		}
		n = 0;
	}
}

/* Bursts fill it to its bound, what does not fit is refused; one reader. */
static void bounded_queue(double scale)
{
	unsigned bound = (unsigned)(800 * scale);

	while (scenario_tick(400)) {
		if (scenario_random(120) == 0)
			for (unsigned i = scenario_random(bound); i > 0; i--)
				if (held_count < bound)
					held[held_count++] =
						load_rows(log_normal(150, 0.7));
		for (int i = 0; i < 5 * scale && held_count > 0; i++)
			free(held[--held_count]);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "log-normal-sizes", log_normal_sizes },
		{ "log-normal-leak", log_normal_leak },
		{ "ramp-then-steady", ramp_then_steady },
		{ "long-ramp", long_ramp },
		{ "day-and-night", day_and_night },
		{ "day-and-night-leak", day_and_night_leak },
		{ "fills-in-half", fills_in_half },
		{ "fills-late", fills_late },
		{ "fills-then-hits", fills_then_hits },
		{ "time-to-live", time_to_live },
		{ "swept", swept },
		{ "reloads", reloads },
		{ "reload-leak", reload_leak },
		{ "batch-jobs", batch_jobs },
		{ "batch-jobs-leak", batch_jobs_leak },
		{ "three-phases", three_phases },
		{ "startup-table", startup_table },
		{ "slow-startup", slow_startup },
		{ "two-generations", two_generations },
		{ "bounded-queue", bounded_queue },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

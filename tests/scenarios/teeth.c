/*
 * teeth - what rises and falls: fast and slow, pointed and square, uneven, and below
 * some of them a leak
 */
#include "tests/scenarios/scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct row {
	struct row *next;
	char text[500];
};

static struct row *rows;
static uint32_t rows_held;

SCENARIO static void add_row(void)
{
	struct row *row = malloc(sizeof(*row));

	memset(row->text, 1, sizeof(row->text));
	row->next = rows;
	rows = row;
	rows_held++;
}

static void drop_rows(void)
{
	while (rows != NULL) {
		struct row *next = rows->next;

		free(rows);
		rows = next;
	}
	rows_held = 0;
}

static void add_rows(double *part, double more)
{
	for (*part += more; *part >= 1; --*part)
		add_row();
}

static void base(int blocks)
{
	for (int i = 0; i < blocks; i++)
		scenario_use(malloc(10000), 10000);
}

/* a batch every `scale` seconds */
static void batches(double scale)
{
	double part = 0, since = 0;

	base(20);
	while (scenario_tick(100)) {
		double now = scenario_done() * scenario_seconds();

		add_rows(&part, 10);
		if (now - since >= scale) {
			drop_rows();
			since = now;
		}
	}
}

/* between half and one and a half times `scale` seconds, as the rows come */
static void uneven_batches(double scale)
{
	double part = 0, end = scale;

	while (scenario_tick(100)) {
		double now = scenario_done() * scenario_seconds();

		add_rows(&part, 3 + scenario_random(12));
		if (now >= end) {
			drop_rows();
			end = now + scale * (0.5 + scenario_random(1000) / 1000.0);
		}
	}
}

/* a level is loaded, played and left */
SCENARIO static void load_level(uint32_t rooms)
{
	for (uint32_t i = 0; i < rooms; i++)
		add_row();
}

static void levels(double scale)
{
	double end = 0;

	base(50);
	while (scenario_tick(100)) {
		double now = scenario_done() * scenario_seconds();

		if (now >= end && rows != NULL) {
			drop_rows();
			end = now + 0.3 * scale;
		} else if (now >= end) {
			load_level(3000 + scenario_random(2000));
			end = now + 0.7 * scale;
		}
		free(scenario_use(malloc(700), 700));
	}
}

/* as many users as the hour brings */
static void day_wave(double scale)
{
	while (scenario_tick(100)) {
		double hour = scenario_done() * scale * 6.2832;
		uint32_t wanted = (uint32_t)(2000 + 1500 * sin(hour));

		while (rows_held < wanted)
			add_row();
		while (rows_held > wanted) {
			struct row *next = rows->next;

			free(rows);
			rows = next;
			rows_held--;
		}
	}
}

/* the same, and a user in thirty leaves something */
struct trace {
	struct trace *next;
	char text[120];
};
static struct trace *traces;

SCENARIO static void keep_trace(void)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	trace->next = traces;
	traces = trace;
}

static void batches_leave(double scale)
{
	double part = 0, since = 0;

	while (scenario_tick(100)) {
		double now = scenario_done() * scenario_seconds();

		add_rows(&part, 6);
		keep_trace();
		if (now - since >= scale) {
			drop_rows();
			since = now;
		}
	}
}

/* a log in one block, doubled as it fills, handed on when it is 2 MiB */
SCENARIO static char *grow_log(char *log, size_t size)
{
	char *larger = realloc(log, size);

	memset(larger + size / 2, 1, size / 2);
	return larger;
}

static void rotated_log(double scale)
{
	size_t used = 0, size = 1 << 14;
	char *log = malloc(size);

	while (scenario_tick(100)) {
		used += (size_t)(8000 / scale);
		if (used > size)
			log = grow_log(log, size *= 2);
		if (used < 2 << 20)
			continue;
		free(log);
		used = 0;
		log = malloc(size = 1 << 14);
	}
}

/* one fills while the other is written out */
static void two_buffers(double scale)
{
	void *buffers[2][400] = { { NULL } };
	uint32_t ticks = 0, turn = 0;

	(void)scale;
	base(10);
	while (scenario_tick(200)) {
		uint32_t place = ticks++ % 400;

		if (place == 0)
			turn = !turn;
		free(buffers[!turn][place]);
		buffers[!turn][place] = NULL;
		buffers[turn][place] = scenario_use(malloc(2000), 2000);
	}
}

/* a worker that is started again after so many jobs, and builds all anew */
static void recycled_worker(double scale)
{
	double part = 0, since = 0;

	load_level(500);
	while (scenario_tick(100)) {
		double now = scenario_done() * scenario_seconds(), age = now - since;

		add_rows(&part, 30 * exp(-age / (0.3 * scale)));
		if (age >= scale) {
			drop_rows();
			load_level(500);
			since = now;
		}
	}
}

/* a burst every now and then, worked off more slowly than it came */
static void bursts(double scale)
{
	double next = 0.4;

	base(30);
	while (scenario_tick(100)) {
		double now = scenario_done() * scenario_seconds();

		if (now >= next) {
			load_level((uint32_t)(300 + scenario_random(600)));
			next = now + scale * (0.3 + scenario_random(1400) / 1000.0);
		}
		for (int i = 0; i < 12 && rows != NULL; i++) {
			struct row *row = rows->next;

			free(rows);
			rows = row;
			rows_held--;
		}
	}
}

static const struct scenario SCENARIOS[] = {
	{ "batches", batches },
	{ "uneven-batches", uneven_batches },
	{ "levels", levels },
	{ "day-wave", day_wave },
	{ "batches-leave", batches_leave },
	{ "rotated-log", rotated_log },
	{ "two-buffers", two_buffers },
	{ "recycled-worker", recycled_worker },
	{ "bursts", bursts },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, SCENARIOS);
}

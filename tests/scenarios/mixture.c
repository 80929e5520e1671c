/*
 * mixture - a program put together from parts, each of which does one thing to memory
 *
 * Usage: mixture SECONDS PART...
 * A part is a name and its figures, `leak:40:100`. What the whole is follows from the
 * parts, so that labels need no judgement: draws.py puts them together at random.
 *
 *   heap:BLOCKS:BYTES          stays from the start
 *   ramp:BLOCKS:BYTES:SECONDS  the same, over some time
 *   traffic:RATE:BYTES         allocated and freed at once
 *   turnover:ROOM:RATE:BYTES   slots whose block is replaced at random
 *   walk:ROOM:RATE:BYTES       slots that are filled or emptied at random
 *   bursts:RATE:BLOCKS:BYTES   at random; worked off in a fifth of a second
 *   leak:RATE:BYTES            never freed
 *   teeth:RATE:BLOCKS:BYTES    gathered, then dropped all at once
 *   cache:KEYS:RATE:BYTES      random keys that are kept
 *   ring:SLOTS:RATE:BYTES      filled once, then each new one drives an old one out
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/scenarios/scenario.h"

#define TICKS 250.0
#define PARTS_MAX 8u

struct part;
typedef void part_fn(struct part *part);

struct part {
	part_fn *event;
	double rate, due;   /* events a second, and those not made yet */
	size_t room, bytes; /* of slots */
	void **slots;
	size_t at;
};

SCENARIO static void *take(const struct part *part)
{
	return scenario_use(malloc(part->bytes), part->bytes);
}

static void replace(const struct part *part, size_t slot)
{
	free(part->slots[slot]);
	part->slots[slot] = scenario_use(malloc(part->bytes), part->bytes);
}

SCENARIO static void keep(struct part *part)
{
	if (part->at < part->room)
		part->slots[part->at++] = scenario_use(malloc(part->bytes), part->bytes);
}

SCENARIO static void pass(struct part *part)
{
	free(scenario_use(malloc(part->bytes), part->bytes));
}

SCENARIO static void turn_over(struct part *part)
{
	replace(part, scenario_random((uint32_t)part->room));
}

SCENARIO static void wander(struct part *part)
{
	size_t slot = scenario_random((uint32_t)part->room);

	if (part->slots[slot]) {
		free(part->slots[slot]);
		part->slots[slot] = NULL;
	} else {
		replace(part, slot);
	}
}

/* Events are those of working off; a burst begins once in five of them or so. */
SCENARIO static void burst(struct part *part)
{
	size_t goes = part->room / 50 + 1;

	for (; part->at > 0 && goes > 0; goes--)
		free(part->slots[--part->at]);
	if (scenario_random(250) < part->rate)
		while (part->at < part->room)
			part->slots[part->at++] = take(part);
}

SCENARIO static void lose(struct part *part)
{
	scenario_use(malloc(part->bytes), part->bytes);
}

SCENARIO static void gather(struct part *part)
{
	if (part->at == part->room)
		while (part->at > 0)
			free(part->slots[--part->at]);
	part->slots[part->at++] = scenario_use(malloc(part->bytes), part->bytes);
}

SCENARIO static void look_up(struct part *part)
{
	size_t key = scenario_random((uint32_t)part->room);

	if (!part->slots[key])
		replace(part, key);
}

SCENARIO static void record(struct part *part)
{
	replace(part, part->at++ % part->room);
}

static const struct kind {
	const char *name;
	part_fn *event;
	const char *fields; /* b: bytes, n: slots, r: rate, s: seconds */
} kinds[] = {
	{ "heap", keep, "nb" },      { "ramp", keep, "nbs" },
	{ "traffic", pass, "rb" },   { "turnover", turn_over, "nrb" },
	{ "walk", wander, "nrb" },   { "bursts", burst, "rnb" },
	{ "leak", lose, "rb" },      { "teeth", gather, "rnb" },
	{ "cache", look_up, "nrb" }, { "ring", record, "nrb" },
};

static bool set_up(struct part *part, const struct kind *kind, char *figures)
{
	part->event = kind->event;
	for (const char *field = kind->fields; *field; field++) {
		char *figure = strtok_r(figures, ":", &figures);
		double value = figure ? atof(figure) : 0;

		if (value <= 0)
			return false;
		if (*field == 'b')
			part->bytes = (size_t)value;
		else if (*field == 'n')
			part->room = (size_t)value;
		else if (*field == 'r')
			part->rate = value;
		else
			part->rate = (double)part->room / value;
	}
	if (part->event == burst)
		part->due = 0;
	part->slots = calloc(part->room + 1, sizeof(void *));
	return true;
}

static bool parse(char *text, struct part *part)
{
	char *name = strtok_r(text, ":", &text);

	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(name, kinds[i].name) == 0)
			return set_up(part, &kinds[i], text);
	return false;
}

static struct part parts[PARTS_MAX];
static size_t parts_count;

/* What is there from the start, and slots that wander are half full. */
static void prepare(struct part *part)
{
	while (part->event == keep && part->rate == 0 && part->at < part->room)
		keep(part);
	for (size_t i = 0; part->event == turn_over && i < part->room; i++)
		replace(part, i);
	for (size_t i = 0; part->event == wander && i < part->room; i += 2)
		replace(part, i);
}

static void mixture(double scale)
{
	for (size_t i = 0; i < parts_count; i++)
		prepare(&parts[i]);
	while (scenario_tick(TICKS))
		for (size_t i = 0; i < parts_count; i++) {
			struct part *part = &parts[i];

			part->due +=
				part->event == burst ? 1 : scale * part->rate / TICKS;
			for (; part->due >= 1; part->due--)
				part->event(part);
		}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = { { "mixture", mixture }, { NULL } };
	char name[] = "mixture", *run[] = { argv[0], name, argv[1] };

	for (int i = 2; i < argc && parts_count < PARTS_MAX; i++)
		if (!parse(argv[i], &parts[parts_count++])) {
			fprintf(stderr, "no part %s\n", argv[i]);
			return 2;
		}
	return argc < 2 ? 2 : scenario_main(3, run, scenarios);
}

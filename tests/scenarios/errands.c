/*
 * errands - work of every day that comes and goes, and what is left of it
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/scenario.h"

/* orders wait in a list; half way whoever takes them out dies */
struct order {
	struct order *next;
	char *text;
};

static struct order *first_order, **last_order = &first_order;

SCENARIO static void enqueue_order(void)
{
	struct order *order = calloc(1, sizeof(*order));

	order->text = scenario_use(malloc(400), 400);
	*last_order = order;
	last_order = &order->next;
}

static void take_order(void)
{
	struct order *order = first_order;

	if (!order)
		return;
	first_order = order->next;
	if (!first_order)
		last_order = &first_order;
	free(order->text);
	free(order);
}

static void reader_dies(double scale)
{
	while (scenario_tick(400 * scale)) {
		enqueue_order();
		if (scenario_done() < 0.5)
			take_order();
	}
}

/* one in eight of the sessions that time out is not freed; the others live a while */
#define SESSIONS 60u

static char *session[SESSIONS];

SCENARIO static char *open_session(void)
{
	return scenario_use(malloc(300), 300);
}

static void one_in_eight(double scale)
{
	for (uint32_t number = 0; scenario_tick(300 * scale); number++) {
		if (number % 8 != 0)
			free(session[number % SESSIONS]);
		session[number % SESSIONS] = open_session();
	}
}

/* threads of a moment each, all joined: less than a percent of a processor */
static void *answer(void *text)
{
	free(text);
	return NULL;
}

SCENARIO static void ask(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, answer, scenario_use(malloc(3000), 3000)) == 0)
		pthread_join(thread, NULL);
}

static void joined(double scale)
{
	while (scenario_tick(120 * scale))
		ask();
}

/* a table whose removed entries are marked, and keep what they had */
struct slot {
	bool removed;
	char *payload;
};

static struct slot *slots;
static size_t slots_used, slots_room;

SCENARIO static char *make_payload(void)
{
	return scenario_use(malloc(320), 320);
}

static void tombstones(double scale)
{
	while (scenario_tick(500 * scale)) {
		if (slots_used == slots_room) {
			slots_room = slots_room ? 2 * slots_room : 1024;
			slots = realloc(slots, slots_room * sizeof(*slots));
		}
		slots[slots_used++] = (struct slot){ false, make_payload() };
		if (slots_used > 500)
			slots[slots_used - 500].removed = true;
	}
}

/* an entry's text is what a popular key asks for; bounded, and full after a third */
#define KEYS 1500u

static char *kept[KEYS];

SCENARIO static char *fetch_value(size_t size)
{
	return scenario_use(malloc(size), size);
}

static void fills_in_a_third(double scale)
{
	for (uint32_t number = 0; scenario_tick(500 * scale); number++) {
		char **place = &kept[number % KEYS];

		if (number >= KEYS) /* full: another one goes */
			place = &kept[scenario_random(KEYS)];
		free(*place);
		*place = fetch_value(250 + number % 100);
	}
}

/* a report is gathered for 2 s above a heap that stays, and most of it goes at once */
static char *stays[4000], *lines[4000];

SCENARIO static char *report_line(void)
{
	return scenario_use(malloc(40), 40);
}

static void reports_above_a_heap(double scale)
{
	size_t used = 0;

	for (size_t i = 0; i < 4000; i++)
		stays[i] = report_line();
	while (scenario_tick(100 * scale)) {
		lines[used++] = report_line();
		if (used == (size_t)(200 * scale)) {
			while (used > 0)
				free(lines[--used]);
		}
	}
}

/* texts of any size in places that are all taken after a moment */
static char *texts[1000];

SCENARIO static char *make_text(void)
{
	size_t bytes = 1 + scenario_random(40000);

	return scenario_use(malloc(bytes), bytes);
}

static void sizes_by_chance(double scale)
{
	while (scenario_tick(1500 * scale)) {
		char **place = &texts[scenario_random(1000)];

		free(*place);
		*place = make_text();
	}
}

/* an expression is parsed and thrown away: objects of one size from many places */
struct term {
	struct term *left, *right;
	int sign;
};

SCENARIO static struct term *parse_term(int depth)
{
	struct term *term = calloc(1, sizeof(*term));

	if (depth > 0) {
		term->left = parse_term(depth - 1);
		term->right = parse_term(depth - 1);
	}
	return term;
}

static void forget_term(struct term *term)
{
	if (!term)
		return;
	forget_term(term->left);
	forget_term(term->right);
	free(term);
}

static void terms(double scale)
{
	while (scenario_tick(400 * scale))
		forget_term(parse_term(9));
}

/* tiles are put into free places until there is none, then in the place of others */
#define TILES 900u

static char *tile[2 * TILES];

SCENARIO static char *draw_tile(void)
{
	size_t bytes = 2000 + scenario_random(2000);

	return scenario_use(malloc(bytes), bytes);
}

static void put_tile(unsigned *used, unsigned limit)
{
	unsigned place;

	if (*used < limit) {
		tile[(*used)++] = draw_tile();
		return;
	}
	place = scenario_random(limit);
	free(tile[place]);
	tile[place] = draw_tile();
}

static void full_then_replaced(double scale)
{
	unsigned used = 0;

	while (scenario_tick(160 * scale))
		put_tile(&used, TILES);
}

/* in the midst the limit is doubled */
static void limit_doubled(double scale)
{
	unsigned used = 0;

	while (scenario_tick(600 * scale))
		put_tile(&used, scenario_done() < 0.45 ? TILES : 2 * TILES);
}

/* each user stays for as long; more and more come */
#define USERS 4000u
#define STAYS 0.1 /* of the time */

static char *user[USERS];
static double leaves[USERS];

SCENARIO static char *welcome_user(void)
{
	return scenario_use(malloc(1500), 1500);
}

static void more_users(double scale)
{
	unsigned first = 0, last = 0;
	double due = 0;

	while (scenario_tick(250)) {
		for (due += 4 * scenario_done() * scale; due >= 1; due--, last++) {
			leaves[last % USERS] = scenario_done() + STAYS;
			user[last % USERS] = welcome_user();
		}
		for (; first < last && leaves[first % USERS] < scenario_done(); first++)
			free(user[first % USERS]);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "reader-dies", reader_dies },
		{ "one-in-eight", one_in_eight },
		{ "joined", joined },
		{ "tombstones", tombstones },
		{ "fills-in-a-third", fills_in_a_third },
		{ "reports-above-a-heap", reports_above_a_heap },
		{ "sizes-by-chance", sizes_by_chance },
		{ "terms", terms },
		{ "full-then-replaced", full_then_replaced },
		{ "limit-doubled", limit_doubled },
		{ "more-users", more_users },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

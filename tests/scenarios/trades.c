/*
 * trades - small programs of many trades: a chat, a compiler, an editor, a scheduler
 *
 * What is wrong in them begins late, ends, comes in steps, hides in a generic list or
 * behind a pointer, or is nothing at all.
 */
#include "tests/scenarios/scenario.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a list for everything, as each project has one */
struct node {
	struct node *next;
	void *item;
};

struct list {
	struct node *first, *last;
	uint32_t length;
};

SCENARIO static void list_append(struct list *list, void *item)
{
	struct node *node = calloc(1, sizeof(*node));

	node->item = item;
	if (list->last != NULL)
		list->last->next = node;
	else
		list->first = node;
	list->last = node;
	list->length++;
}

SCENARIO static void *list_pop(struct list *list)
{
	struct node *node = list->first;
	void *item = node->item;

	list->first = node->next;
	if (list->first == NULL)
		list->last = NULL;
	list->length--;
	free(node);
	return item;
}

/* one user of the list gives nothing back; its items are not on the heap */
static struct list events, jobs;
static int event_kinds[16];

SCENARIO static void track_event(uint32_t number)
{
	list_append(&events, &event_kinds[number % 16]);
}

SCENARIO static void run_jobs(uint32_t number)
{
	for (int i = 0; i < 10; i++)
		list_append(&jobs, &event_kinds[number % 16]);
	while (jobs.length > 5)
		list_pop(&jobs);
}

static void generic_list(double scale)
{
	for (uint32_t number = 0; scenario_tick(300); number++) {
		run_jobs(number);
		for (int i = 0; i < 2 * scale; i++)
			track_event(number);
	}
}

/* what is said in a room is kept: the last hundred lines, or all of it */
static struct list rooms[40];
static uint32_t lines_kept;

SCENARIO static void say(uint32_t room)
{
	size_t bytes = 20 + scenario_random(180);
	char *line = malloc(bytes);

	memset(line, 'a', bytes);
	list_append(&rooms[room], line);
	if (rooms[room].length > lines_kept)
		free(list_pop(&rooms[room]));
}

static void chat(double scale)
{
	lines_kept = (uint32_t)(25 * scale);
	while (scenario_tick(1000))
		say(scenario_random(40));
}

/* open addressing, twice as large when it is three quarters full */
static uint64_t *cells;
static uint32_t cells_used, cells_size;

SCENARIO static void table_insert(uint64_t key)
{
	if (4 * cells_used >= 3 * cells_size) {
		uint64_t *old = cells;
		uint32_t size = cells_size;

		cells_size = size == 0 ? 64 : 2 * size;
		cells = calloc(cells_size, sizeof(*cells));
		for (uint32_t i = 0; i < size; i++)
			cells[old[i] % cells_size] = old[i];
		free(old);
	}
	cells[key % cells_size] = key;
	cells_used++;
}

static void rehashes(double scale)
{
	double part = 0;

	while (scenario_tick(200))
		for (part += 40 * scale; part >= 1; part--)
			table_insert(scenario_random(1u << 30));
}

/* trees of expressions come and go, each declared name stays */
struct tree {
	struct tree *left, *right;
	double value;
};

static struct tree *parse_sum(int depth)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (depth > 0) {
		tree->left = parse_sum(depth - 1);
		tree->right = parse_sum(depth - 1);
	}
	return tree;
}

static void free_tree(struct tree *tree)
{
	if (tree == NULL)
		return;
	free_tree(tree->left);
	free_tree(tree->right);
	free(tree);
}

static struct list symbols;

SCENARIO static void declare(uint32_t number)
{
	char *symbol = NULL;

	if (asprintf(&symbol, "module_%u::function_%u", number / 9, number) > 0)
		list_append(&symbols, symbol);
}

static void compiler(double scale)
{
	for (uint32_t number = 0; scenario_tick(200); number++) {
		struct tree *tree = parse_sum(5);

		if (number % (uint32_t)(4 / scale) == 0)
			declare(number);
		free_tree(tree);
	}
}

/* nothing for half of the run, then something stays */
SCENARIO static void write_audit(uint32_t number)
{
	char *entry = malloc(350);

	snprintf(entry, 350, "entry %u", number);
	((char **)entry)[1] = entry;
}

static void from_half(double scale)
{
	void *busy[500] = { NULL };

	for (uint32_t number = 0; scenario_tick(400); number++) {
		free(busy[number % 500]);
		busy[number % 500] = scenario_use(malloc(300 + number % 400), 300);
		if (scenario_done() > 0.5 * scale)
			write_audit(number);
	}
}

/* it stays until half of the run, and no more from then on */
static void until_half(double scale)
{
	void *busy[500] = { NULL };

	for (uint32_t number = 0; scenario_tick(400); number++) {
		free(busy[number % 500]);
		busy[number % 500] = scenario_use(malloc(300 + number % 400), 300);
		if (scenario_done() < 0.5 * scale)
			write_audit(number);
	}
}

/* a job every few seconds, each leaves its list */
SCENARIO static void nightly_job(void)
{
	for (int i = 0; i < 400; i++)
		write_audit((uint32_t)i);
}

static void by_cron(double scale)
{
	double next = 0.5 * scale;

	while (scenario_tick(200)) {
		double now = scenario_done() * scenario_seconds();

		free(scenario_use(malloc(1200), 1200));
		if (now < next)
			continue;
		nightly_job();
		next = now + scale;
	}
}

/* what an editor can undo */
static struct list steps;

SCENARIO static void edit(uint32_t number, uint32_t most)
{
	char *before = malloc(100 + number * 13 % 300);

	memset(before, 1, 100);
	list_append(&steps, before);
	if (steps.length > most)
		free(list_pop(&steps));
}

static void undo(double scale)
{
	for (uint32_t number = 0; scenario_tick(200); number++)
		edit(number, (uint32_t)(400 * scale));
}

/* counted references; one path in so many forgets to give its own back */
struct object {
	int references;
	char room[500];
};

SCENARIO static struct object *object_create(void)
{
	struct object *object = calloc(1, sizeof(*object));

	object->references = 1;
	return object;
}

static void object_put(struct object *object)
{
	if (--object->references == 0)
		free(object);
}

static void references(double scale)
{
	for (uint32_t number = 0; scenario_tick(1000); number++) {
		struct object *object = object_create();

		object->references++;
		if (number % (uint32_t)(50 * scale) != 7)
			object_put(object);
		object_put(object);
	}
}

/* the plugin that leaks is called through a table, a few calls deep */
typedef void plugin_fn(uint32_t);

SCENARIO static void compress_plugin(uint32_t number)
{
	free(scenario_use(malloc(4000 + number % 1000), 4000));
}

SCENARIO static void geo_plugin(uint32_t number)
{
	char *place = malloc(160);

	snprintf(place, 160, "%u degrees north", number % 90);
	((char **)place)[2] = place;
}

SCENARIO static void log_plugin(uint32_t number)
{
	char *line = malloc(80);

	snprintf(line, 80, "request %u", number);
	free(line);
}

static plugin_fn *const PLUGINS[] = { compress_plugin, log_plugin, geo_plugin };

static void call_plugins(uint32_t number, int depth)
{
	if (depth > 0) {
		call_plugins(number, depth - 1);
		number++;
	}
	if (depth == 0)
		for (int i = 0; i < 3; i++)
			PLUGINS[i](number);
	__asm__ volatile("" ::: "memory");
}

static void plugins(double scale)
{
	for (uint32_t number = 0; scenario_tick(100 * scale); number++)
		call_plugins(number, 12);
}

/* sessions come and go by chance, a walk between its bounds */
static void by_chance(double scale)
{
	struct list sessions = { NULL, NULL, 0 };

	while (sessions.length < 800)
		list_append(&sessions, calloc(1, 700));
	while (scenario_tick(500)) {
		for (int i = 0; i < 4 * scale; i++) {
			bool more = scenario_random(2) == 0;

			if (more && sessions.length < 1200)
				list_append(&sessions, calloc(1, 700));
			else if (!more && sessions.length > 400)
				free(list_pop(&sessions));
		}
	}
}

/* slowly at first, then fast, then full */
static void s_curve(double scale)
{
	struct list entries = { NULL, NULL, 0 };

	while (scenario_tick(100)) {
		double done = scenario_done() * 12 * scale - 5;
		uint32_t wanted = (uint32_t)(5000 / (1 + exp(-done)));

		while (entries.length < wanted)
			list_append(&entries, calloc(1, 400));
		free(scenario_use(malloc(2000), 2000));
	}
}

/* warm after a third, with a leak below */
static void warm_and_leak(double scale)
{
	struct list entries = { NULL, NULL, 0 };

	for (uint32_t number = 0; scenario_tick(200); number++) {
		double done = scenario_done();
		uint32_t wanted = (uint32_t)(3000 * (1 - exp(-12 * done)));

		while (entries.length < wanted)
			list_append(&entries, calloc(1, 800));
		if (number % 2 == 0 && scale > 0)
			write_audit(number);
	}
}

/* a few large tables, and traffic that is small beside them */
static void large_and_calm(double scale)
{
	void *busy[300] = { NULL };

	for (int i = 0; i < 40; i++)
		scenario_use(calloc(1, (size_t)(2e6 * scale)), (size_t)(2e6 * scale));
	while (scenario_tick(600)) {
		uint32_t place = scenario_random(300);

		free(busy[place]);
		busy[place] = scenario_use(malloc(100 + scenario_random(5000)), 100);
	}
}

/* one small block in a second, under what a server does */
SCENARIO static void note_reconnect(uint32_t number)
{
	char *note = malloc(96);

	snprintf(note, 96, "connected again at %u", number);
	((char **)note)[3] = note;
}

static void one_a_second(double scale)
{
	void *busy[800] = { NULL };
	uint32_t every = (uint32_t)(300 / scale);

	for (uint32_t number = 0; scenario_tick(300); number++) {
		for (int i = 0; i < 10; i++) {
			uint32_t place = scenario_random(800);

			free(busy[place]);
			busy[place] =
				scenario_use(malloc(100 + scenario_random(900)), 100);
		}
		if (number % every == 0)
			note_reconnect(number);
	}
}

/* tries multiply: each failure makes two */
static struct list tries;

SCENARIO static void try_again(void)
{
	char *attempt = calloc(1, 120);

	list_append(&tries, attempt);
}

static void multiplies(double scale)
{
	for (int i = 0; i < 20; i++)
		try_again();
	while (scenario_tick(100)) {
		double wanted = 20 * exp(6.5 * scale * scenario_done());

		while (tries.length < wanted)
			try_again();
	}
}

/* the work of an hour, from empty to empty, twice */
static void two_hours(double scale)
{
	struct list work = { NULL, NULL, 0 };

	while (scenario_tick(100)) {
		double hour = fmod(scenario_done() * 2 * scale, 1);
		uint32_t wanted =
			(uint32_t)(4000 * (hour < 0.7 ? hour / 0.7 : (1 - hour) / 0.3));

		while (work.length < wanted)
			list_append(&work, calloc(1, 300));
		while (work.length > wanted)
			free(list_pop(&work));
	}
}

static const struct scenario SCENARIOS[] = {
	{ "generic-list", generic_list },
	{ "chat", chat },
	{ "rehashes", rehashes },
	{ "compiler", compiler },
	{ "from-half", from_half },
	{ "until-half", until_half },
	{ "by-cron", by_cron },
	{ "undo", undo },
	{ "references", references },
	{ "plugins", plugins },
	{ "by-chance", by_chance },
	{ "s-curve", s_curve },
	{ "warm-and-leak", warm_and_leak },
	{ "large-and-calm", large_and_calm },
	{ "one-a-second", one_a_second },
	{ "multiplies", multiplies },
	{ "two-hours", two_hours },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, SCENARIOS);
}

/*
 * disguises - leaks that look like something healthy, and the healthy things
 *
 * A leak whose load ebbs slows down like a cache that becomes full, one whose blocks are
 * flushed but for a part has teeth, and one below a helper shows the helper.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/scenario.h"

/* The load falls to a tenth in the time; each request leaves a note. */
SCENARIO static void note_order(void)
{
	char *note = malloc(120);

	scenario_use(note, 120);
}

SCENARIO static void serve_order(void)
{
	char *reply = scenario_use(malloc(200 + scenario_random(4000)), 200);

	note_order();
	free(reply);
}

static void evening(double scale)
{
	double due = 0;

	while (scenario_tick(200))
		for (due += 4 * scale * pow(0.1, scenario_done()); due >= 1; due--)
			serve_order();
}

/* Bursts that become smaller like 1/t; the request's own buffers and what it keeps are
 * of one function. */
SCENARIO static void take_measure(void)
{
	char *raw = scenario_use(malloc(600), 600), *text = scenario_use(malloc(90), 90);
	char *kept = scenario_use(malloc(64), 64);

	memcpy(kept, text, 64);
	free(raw);
	free(text);
}

static void smaller_bursts(double scale)
{
	while (scenario_tick(4))
		for (double left = 90 * scale / (1 + 5 * scenario_done()); left >= 1;
		     left--)
			take_measure();
}

/* As much is asked for all the time, and ever less of it is new. */
#define KEYS_MAX 20000u

static char *answer_of[KEYS_MAX];

SCENARIO static void learn(unsigned key)
{
	char *page = scenario_use(malloc(900), 900);

	answer_of[key] = scenario_use(malloc(150), 150);
	free(page);
}

static void fewer_misses(double scale)
{
	unsigned keys = (unsigned)fmin(KEYS_MAX, 1500 * scale);

	while (scenario_tick(700 * scale)) {
		unsigned key = scenario_random(keys);
		char *request = scenario_use(malloc(80), 80);

		if (!answer_of[key])
			learn(key);
		free(request);
	}
}

/* The same, and nothing is asked where nothing is missed: its load seems to ebb. */
SCENARIO static void load_page(unsigned key)
{
	char *raw = scenario_use(malloc(900), 900);

	answer_of[key] = scenario_use(malloc(150), 150);
	free(raw);
}

SCENARIO static void page_cache_get(unsigned key)
{
	if (!answer_of[key])
		load_page(key);
}

static void quiet_hits(double scale)
{
	unsigned keys = (unsigned)fmin(KEYS_MAX, 1500 * scale);

	while (scenario_tick(400 * scale))
		page_cache_get(scenario_random(keys));
}

/* Rows are flushed, but those that are still dirty stay for ever. */
struct row {
	struct row *next;
	bool dirty;
};

static struct row *rows;

SCENARIO static void insert_row(bool dirty)
{
	struct row *row = scenario_use(malloc(300), 300);

	row->dirty = dirty;
	row->next = rows;
	rows = row;
}

static void flush_rows(void)
{
	for (struct row **at = &rows; *at;) {
		struct row *row = *at;

		if (row->dirty) {
			at = &row->next;
		} else {
			*at = row->next;
			free(row);
		}
	}
}

static void flush_often(double scale, unsigned dirty_of, unsigned times)
{
	unsigned flushed = 0;

	while (scenario_tick(1000 * scale)) {
		insert_row(dirty_of > 0 && scenario_random(dirty_of) == 0);
		if (scenario_done() * times >= flushed + 1) {
			flush_rows();
			flushed++;
		}
	}
}

static void dirty_rows(double scale)
{
	flush_often(scale, 12, 8);
}

static void clean_rows(double scale)
{
	flush_often(scale, 0, 8);
}

/* Periods and slices beat: each low is seen a little later than the one before. */
static void clean_rows_beat(double scale)
{
	flush_often(scale, 0, 13);
}

/* make_picture() is right for the screen, which shows the last ones, and is blamed for
 * the recorder, which keeps all. */
#define SCREEN 150u

SCENARIO static char *make_picture(size_t bytes)
{
	return scenario_use(malloc(bytes), bytes);
}

static char *screen[SCREEN];

SCENARIO static void show_picture(void)
{
	unsigned place = scenario_random(SCREEN);

	free(screen[place]);
	screen[place] = make_picture(500 + scenario_random(3000));
}

struct kept {
	struct kept *next;
	char *picture;
};

static struct kept *recorded;

SCENARIO static void record_picture(void)
{
	struct kept *kept = malloc(sizeof(*kept));

	kept->picture = make_picture(200);
	kept->next = recorded;
	recorded = kept;
}

static void recorder(double scale)
{
	for (unsigned i = 0; scenario_tick(500 * scale); i++) {
		show_picture();
		if (i % 4 == 0)
			record_picture();
	}
}

/* copy_text() makes the head and the body; where a request is bad the head is
 * forgotten. */
SCENARIO static char *copy_text(size_t bytes)
{
	return scenario_use(malloc(bytes), bytes);
}

SCENARIO static bool parse_letter(bool bad, char **ret_head, char **ret_body)
{
	*ret_head = copy_text(100 + scenario_random(400));
	if (bad)
		return false;
	*ret_body = copy_text(1000 + scenario_random(3000));
	return true;
}

static void bad_letters(double scale)
{
	char *head, *body;

	while (scenario_tick(900 * scale))
		if (parse_letter(scenario_random(25) == 0, &head, &body)) {
			free(head);
			free(body);
		}
}

/* Clients come in bursts; as each goes its key is forgotten. */
struct client {
	char *buffer, *key;
};

SCENARIO static char *make_key(void)
{
	return scenario_use(malloc(700), 700);
}

SCENARIO static void open_client(struct client *client)
{
	client->buffer = scenario_use(malloc(3000), 3000);
	client->key = make_key();
}

static void close_client(struct client *client)
{
	free(client->buffer);
	*client = (struct client){ 0 };
}

static void bursts_of_clients(double scale)
{
	static struct client client[64];

	while (scenario_tick(200 * scale))
		for (unsigned i = 0; fmod(scenario_done() * 4, 1) < 0.33 && i < 2; i++) {
			struct client *it = &client[scenario_random(64)];

			close_client(it);
			open_client(it);
		}
}

/* A cache of so many bytes, in which a small mark stays where something was dropped. */
#define PLACES 12000u

static char *place[PLACES];
static size_t in_place[PLACES];

SCENARIO static void put_image(unsigned number, bool is_mark)
{
	size_t bytes = 2000 + scenario_random(6000);

	free(place[number]);
	if (is_mark) {
		bytes = 16;
		place[number] = scenario_use(malloc(16), 16);
	} else {
		place[number] = scenario_use(malloc(bytes), bytes);
	}
	in_place[number] = bytes;
}

static void marks_stay(double scale)
{
	size_t room = (size_t)(6e6 * scale), used = 0;
	unsigned next = 0, hand = 0;

	while (scenario_tick(500 * scale)) {
		while (used > room) {
			used -= in_place[hand % PLACES];
			put_image(hand % PLACES, true);
			used += in_place[hand++ % PLACES];
		}
		used -= in_place[next % PLACES];
		put_image(next % PLACES, false);
		used += in_place[next++ % PLACES];
	}
}

/* Each node has a stack of its own: a history has room for the figures of few slices. */
struct node {
	struct node *child[2];
	uint32_t key;
};

SCENARIO static struct node *grow_tree(struct node *node, uint32_t key)
{
	if (!node) {
		node = scenario_use(malloc(sizeof(*node)), sizeof(*node));
		*node = (struct node){ .key = key };
	} else if (key < node->key) {
		node->child[0] = grow_tree(node->child[0], key);
	} else {
		node->child[1] = grow_tree(node->child[1], key);
	}
	return node;
}

SCENARIO static void fell_tree(struct node *node)
{
	if (!node)
		return;
	fell_tree(node->child[0]);
	fell_tree(node->child[1]);
	free(node);
}

static void trees(double scale)
{
	struct node *root = NULL;
	unsigned fallen = 0;

	while (scenario_tick(2000 * scale)) {
		root = grow_tree(root, scenario_random(UINT32_MAX));
		if (scenario_done() * 4 >= fallen + 1) {
			fell_tree(root);
			root = NULL;
			fallen++;
		}
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "evening", evening },
		{ "smaller-bursts", smaller_bursts },
		{ "fewer-misses", fewer_misses },
		{ "quiet-hits", quiet_hits },
		{ "dirty-rows", dirty_rows },
		{ "clean-rows", clean_rows },
		{ "clean-rows-beat", clean_rows_beat },
		{ "recorder", recorder },
		{ "bad-letters", bad_letters },
		{ "bursts-of-clients", bursts_of_clients },
		{ "marks-stay", marks_stay },
		{ "trees", trees },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

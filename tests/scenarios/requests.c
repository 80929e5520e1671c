/*
 * requests - servers as they are written, and what they forget
 *
 * Each handles a few thousand requests a second. Most of what a request takes it gives
 * back; what stays is rare, small, or on a path that is seldom taken.
 */
#include "tests/scenarios/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PER_TICK = 20, USERS = 4096 };

struct request {
	uint32_t number;
	char *path, *body;
	size_t length;
};

static char *copy_text(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = malloc(bytes);

	memcpy(copy, text, bytes);
	return copy;
}

static struct request *read_request(uint32_t number)
{
	struct request *request = calloc(1, sizeof(*request));
	char path[64];

	snprintf(path, sizeof(path), "/users/%u/orders?page=%u", number % 977,
		 number % 13);
	request->number = number;
	request->path = copy_text(path);
	request->length = 100 + scenario_random(900);
	request->body = scenario_use(malloc(request->length), request->length);
	return request;
}

static void free_request(struct request *request)
{
	free(request->path);
	free(request->body);
	free(request);
}

typedef void handle_fn(struct request *request);

/* PER_TICK requests, a hundred times a second */
static void serve(handle_fn *handle)
{
	for (uint32_t number = 0; scenario_tick(100);) {
		for (int i = 0; i < PER_TICK; i++) {
			struct request *request = read_request(number++);

			handle(request);
			free_request(request);
		}
	}
}

/* what every server has from its start */
static void load_tables(void)
{
	for (int i = 0; i < 2000; i++)
		scenario_use(malloc(600), 600);
}

/* an upload that is refused keeps its buffer */
SCENARIO static char *decode_upload(struct request *request)
{
	char *decoded = malloc(request->length * 2);

	memset(decoded, 0, request->length * 2);
	return decoded;
}

static void handle_upload(struct request *request)
{
	char *decoded = decode_upload(request);

	if (request->number % 53 == 52)
		return;
	free(decoded);
}

static void error_path(double scale)
{
	(void)scale;
	load_tables();
	serve(handle_upload);
}

/* one of so many requests opens a session that nobody closes */
struct session {
	struct session *next;
	char name[392];
};
static struct session *sessions;
static uint32_t one_in;

SCENARIO static void open_session(const char *path)
{
	struct session *session = calloc(1, sizeof(*session));

	strncpy(session->name, path, sizeof(session->name) - 1);
	session->next = sessions;
	sessions = session;
}

static void handle_login(struct request *request)
{
	char *answer = malloc(256);

	snprintf(answer, 256, "hello %s", request->path);
	if (request->number % one_in == one_in - 1)
		open_session(answer);
	free(answer);
}

static void rare_session(double scale)
{
	one_in = (uint32_t)(1000 * scale);
	load_tables();
	serve(handle_login);
}

/* the whole tree of a document is lost */
struct element {
	struct element *child, *sibling;
	char *text;
};

SCENARIO static struct element *parse_element(int depth)
{
	struct element *element = calloc(1, sizeof(*element));

	element->text = copy_text("some text of an element");
	for (int i = 0; depth > 0 && i < 3; i++) {
		struct element *child = parse_element(depth - 1);

		child->sibling = element->child;
		element->child = child;
	}
	return element;
}

static void free_element(struct element *element)
{
	while (element != NULL) {
		struct element *sibling = element->sibling;

		free_element(element->child);
		free(element->text);
		free(element);
		element = sibling;
	}
}

static void handle_document(struct request *request)
{
	struct element *root = parse_element(2);

	if (request->number % 97 != 0)
		free_element(root);
}

static void lost_document(double scale)
{
	(void)scale;
	serve(handle_document);
}

/* everything goes through the project's own layer, one of its users forgets */
SCENARIO static void *mem_get(size_t bytes)
{
	size_t *block = malloc(bytes + sizeof(size_t));

	*block = bytes;
	return block + 1;
}

SCENARIO static void mem_put(void *block)
{
	free((size_t *)block - 1);
}

static void *peers[USERS];

SCENARIO static void remember_peer(uint32_t number)
{
	char *peer = mem_get(72);

	memset(peer, 1, 72);
	((void **)peer)[0] = peers[number % USERS];
	peers[number % USERS] = peer;
}

SCENARIO static void check_peer(uint32_t number)
{
	char *address = mem_get(48);

	snprintf(address, 48, "10.0.%u.%u", number % 255, number % 253);
	mem_put(address);
}

SCENARIO static void fill_page(struct request *request)
{
	char *page = mem_get(4000 + request->length);

	memset(page, 2, 4000);
	mem_put(page);
}

static void handle_peer(struct request *request)
{
	check_peer(request->number);
	fill_page(request);
	if (request->number % 11 == 0)
		remember_peer(request->number);
}

static void own_layer(double scale)
{
	(void)scale;
	load_tables();
	serve(handle_peer);
}

/* a journal in memory that grows by realloc, a little at a time */
static char *journal;
static size_t journal_used, journal_size;

SCENARIO static void journal_append(const char *line)
{
	size_t length = strlen(line);

	if (journal_used + length > journal_size) {
		journal_size += 16384;
		journal = realloc(journal, journal_size);
	}
	memcpy(journal + journal_used, line, length);
	journal_used += length;
}

static void handle_logged(struct request *request)
{
	journal_append(request->path);
}

static void journal_grows(double scale)
{
	(void)scale;
	serve(handle_logged);
}

/* a downstream that answers seldom: what failed waits for its next try */
struct attempt {
	struct attempt *next;
	uint32_t tries;
	char *body;
};
static struct attempt *waiting;

SCENARIO static void schedule_retry(struct request *request)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));

	attempt->body = malloc(request->length);
	memcpy(attempt->body, request->body, request->length);
	attempt->next = waiting;
	waiting = attempt;
}

static void retry_one(void)
{
	struct attempt *attempt = waiting;

	if (attempt == NULL)
		return;
	waiting = attempt->next;
	free(attempt->body);
	free(attempt);
}

static void handle_order(struct request *request)
{
	if (request->number % 4 == 0)
		schedule_retry(request);
	if (request->number % 7 == 0)
		retry_one();
}

static void retries_pile_up(double scale)
{
	(void)scale;
	serve(handle_order);
}

/* the same with a downstream that keeps up */
static void handle_order_fast(struct request *request)
{
	if (request->number % 4 == 0)
		schedule_retry(request);
	if (request->number % 3 == 0)
		retry_one();
}

static void retries_drain(double scale)
{
	(void)scale;
	load_tables();
	serve(handle_order_fast);
}

/* sessions of a bounded table: a new one takes the place of the oldest */
static void *table[USERS];

static void handle_visit(struct request *request)
{
	void **place = &table[scenario_random(USERS)];

	free(*place);
	*place = scenario_use(malloc(300 + scenario_random(500)), 300);
	free(copy_text(request->path));
}

static void session_table(double scale)
{
	(void)scale;
	for (int i = 0; i < USERS; i++)
		table[i] = scenario_use(malloc(300 + scenario_random(500)), 300);
	serve(handle_visit);
}

/* a line is split into a great many pieces, each on the heap */
SCENARIO static uint32_t split_fields(struct request *request)
{
	char *fields[64];
	uint32_t sum = 0;

	for (int i = 0; i < 64; i++) {
		fields[i] = malloc(24);
		snprintf(fields[i], 24, "%u:%d", request->number, i);
	}
	for (int i = 0; i < 64; i++) {
		sum += (uint32_t)strlen(fields[i]);
		free(fields[i]);
	}
	return sum;
}

static void handle_fields(struct request *request)
{
	request->number += split_fields(request) & 1;
}

static void splits(double scale)
{
	(void)scale;
	load_tables();
	serve(handle_fields);
}

/* a counter for every client address, for ever */
struct series {
	struct series *next;
	uint32_t client;
	double sums[12];
};
static struct series *series[USERS];

SCENARIO static struct series *series_for(uint32_t client)
{
	struct series *found = series[client % USERS];

	while (found != NULL && found->client != client)
		found = found->next;
	if (found != NULL)
		return found;
	found = calloc(1, sizeof(*found));
	found->client = client;
	found->next = series[client % USERS];
	series[client % USERS] = found;
	return found;
}

static void handle_counted(struct request *request)
{
	series_for(scenario_random(100000000))->sums[0] += request->length;
}

static void metric_per_client(double scale)
{
	(void)scale;
	load_tables();
	serve(handle_counted);
}

/* 200 clients, however long it runs */
static void handle_counted_few(struct request *request)
{
	series_for(request->number % 200)->sums[0] += request->length;
}

static void metric_per_route(double scale)
{
	(void)scale;
	load_tables();
	serve(handle_counted_few);
}

/* what a reload reads replaces what was there, but for one list of it */
static void *routes[500];
static char *aliases[1 << 16];
static uint32_t aliases_used;

SCENARIO static void read_routes(void)
{
	for (int i = 0; i < 500; i++) {
		free(routes[i]);
		routes[i] = scenario_use(malloc(200), 200);
	}
}

SCENARIO static void read_aliases(void)
{
	for (int i = 0; i < 40; i++) {
		char *alias = malloc(90);

		snprintf(alias, 90, "alias %d", i);
		aliases[aliases_used++ % (1 << 16)] = alias;
	}
}

static void handle_reload(struct request *request)
{
	if (request->number % 1000 != 0)
		return;
	read_routes();
	read_aliases();
}

static void reload_keeps_aliases(double scale)
{
	(void)scale;
	load_tables();
	serve(handle_reload);
}

static const struct scenario SCENARIOS[] = {
	{ "error-path", error_path },
	{ "rare-session", rare_session },
	{ "lost-document", lost_document },
	{ "own-layer", own_layer },
	{ "journal-grows", journal_grows },
	{ "retries-pile-up", retries_pile_up },
	{ "retries-drain", retries_drain },
	{ "session-table", session_table },
	{ "splits", splits },
	{ "metric-per-client", metric_per_client },
	{ "metric-per-route", metric_per_route },
	{ "reload-keeps-aliases", reload_keeps_aliases },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, SCENARIOS);
}

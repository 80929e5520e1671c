/*
 * growing - programs that lose memory through what real ones are made of: tables that
 * double, slabs, builders, retries, connections
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scenarios/scenario.h"

SCENARIO static void serve(unsigned blocks)
{
	for (unsigned i = 0; i < blocks; i++)
		free(scenario_use(malloc(64 + i % 200), 64));
}

/* --- a table that doubles: entries lie in it, so nothing else is allocated --- */

struct counter {
	uint64_t key, hits;
};

static struct counter *counters;
static size_t counters_used, counters_room;

SCENARIO static void counters_double(void)
{
	size_t room = counters_room ? 2 * counters_room : 64;
	struct counter *larger = scenario_use(calloc(room, sizeof(*larger)), 64);

	memcpy(larger, counters, counters_used * sizeof(*larger));
	free(counters);
	counters = larger;
	counters_room = room;
}

SCENARIO static void count_client(uint64_t key)
{
	if (counters_used == counters_room)
		counters_double();
	counters[counters_used++] = (struct counter){ key, 1 };
}

/* A counter for each client there ever was. */
static void table_doubles(double scale)
{
	while (scenario_tick(800 * scale)) {
		count_client(scenario_random(1u << 30));
		serve(3);
	}
}

/* A chained hash table: nodes one by one, buckets by doubling. */
struct session {
	struct session *next;
	char data[200];
};

static struct session **buckets;
static size_t sessions, bucket_count;

SCENARIO static void rehash(void)
{
	size_t count = bucket_count ? 2 * bucket_count : 16;
	struct session **larger = calloc(count, sizeof(*larger));

	for (size_t i = 0; i < bucket_count; i++)
		for (struct session *s = buckets[i], *next; s; s = next) {
			next = s->next;
			s->next = larger[(size_t)s / 64 % count];
			larger[(size_t)s / 64 % count] = s;
		}
	free(buckets);
	buckets = larger;
	bucket_count = count;
}

SCENARIO static void open_session(void)
{
	struct session *session = scenario_use(malloc(sizeof(*session)), 1);

	if (sessions++ >= bucket_count)
		rehash();
	session->next = buckets[(size_t)session / 64 % bucket_count];
	buckets[(size_t)session / 64 % bucket_count] = session;
}

static void session_table(double scale)
{
	while (scenario_tick(300 * scale)) {
		open_session();
		serve(5);
	}
}

/* --- text that is appended to for ever --- */

static char *text;
static size_t text_used, text_room;

SCENARIO static void append_text(const char *piece)
{
	size_t length = strlen(piece);

	while (text_used + length + 1 > text_room) {
		text_room = text_room ? text_room * 2 : 256;
		text = realloc(text, text_room);
	}
	memcpy(text + text_used, piece, length + 1);
	text_used += length;
}

static void builder(double scale)
{
	while (scenario_tick(600 * scale)) {
		append_text("one more line of a report that is never sent\n");
		serve(2);
	}
}

/* --- a slab for small objects: one caller keeps what it gets --- */

struct slot {
	struct slot *next;
	char body[88];
};

static struct slot *slab_empty;

SCENARIO static void slab_grow(void)
{
	struct slot *slots = scenario_use(malloc(40 * sizeof(*slots)), 40 * 96);

	for (int i = 0; i < 40; i++) {
		slots[i].next = slab_empty;
		slab_empty = &slots[i];
	}
}

SCENARIO static struct slot *slab_alloc(void)
{
	struct slot *slot;

	if (!slab_empty)
		slab_grow();
	slot = slab_empty;
	slab_empty = slot->next;
	return slot;
}

SCENARIO static void slab_free(struct slot *slot)
{
	slot->next = slab_empty;
	slab_empty = slot;
}

SCENARIO static void track_event(void)
{
	slab_alloc();
}

SCENARIO static void parse_header(void)
{
	struct slot *slot = slab_alloc();

	slab_free(slot);
}

static void slab_leak(double scale)
{
	while (scenario_tick(900 * scale)) {
		track_event();
		parse_header();
		serve(1);
	}
}

/* --- 1000 times as much traffic around it --- */

SCENARIO static void note_peer(void)
{
	scenario_use(malloc(72), 1);
}

static void under_heavy_traffic(double scale)
{
	unsigned n = 0;

	while (scenario_tick(400)) {
		serve(100);
		if (n++ % (unsigned)(10 / scale) == 0)
			note_peer();
	}
}

/* --- what is left of each request, and requests come in bursts --- */

SCENARIO static void handle(void)
{
	char *scratch = scenario_use(malloc(600), 600);
	char *header = scenario_use(malloc(48), 48);

	free(scratch);
	__asm__ volatile("" : : "r"(header));
}

static void burst_requests(double scale)
{
	unsigned until = 0;

	for (unsigned n = 0; scenario_tick(500); n++) {
		if (scenario_random(400) == 0)
			until = n + 60;
		if (n < until)
			for (int i = 0; i < 6 * scale; i++)
				handle();
		else if (n % 50 == 0)
			handle();
	}
}

/* --- each failure is tried again, and some twice --- */

struct attempt {
	struct attempt *next;
	char message[180];
};

static struct attempt *pending;

SCENARIO static void schedule_retry(void)
{
	struct attempt *attempt = scenario_use(malloc(sizeof(*attempt)), 1);

	attempt->next = pending;
	pending = attempt;
}

static void retries_double(double scale)
{
	double due = 100, made = 0;

	while (scenario_tick(100)) {
		due *= 1 + 0.005 * scale;
		for (; made < due; made++)
			schedule_retry();
		serve(10);
	}
}

/* --- a connection is closed, its buffer is not --- */

struct connection {
	char *buffer, *name;
};

SCENARIO static void connection_open(struct connection *c)
{
	c->name = strdup("peer of some name");
	c->buffer = scenario_use(malloc(4096), 4096);
}

SCENARIO static void connection_close(struct connection *c)
{
	free(c->name);
}

static void reconnects(double scale)
{
	struct connection c;

	connection_open(&c);
	for (unsigned n = 0; scenario_tick(100); n++) {
		serve(20);
		if (n % (unsigned)(50 / scale) == 0) {
			connection_close(&c);
			connection_open(&c);
		}
	}
}

/* --- lines that getline allocates --- */

SCENARIO static size_t read_line(FILE *from)
{
	char *line = NULL;
	size_t room = 0;

	if (getline(&line, &room, from) < 0) {
		rewind(from);
		free(line);
		return 0;
	}
	return room;
}

static void lines_kept(double scale)
{
	FILE *from = tmpfile();

	for (int i = 0; from && i < 1000; i++)
		fprintf(from, "line %d of a file that is read over and over\n", i);
	if (from)
		rewind(from);
	while (from && scenario_tick(200 * scale))
		read_line(from);
}

/* --- two leaks: the faster one is to be named --- */

SCENARIO static void lose_little(void)
{
	scenario_use(malloc(40), 1);
}

SCENARIO static void lose_much(void)
{
	scenario_use(malloc(400), 1);
}

static void two_leaks(double scale)
{
	while (scenario_tick(100 * scale)) {
		lose_little();
		lose_much();
		serve(5);
	}
}

/* --- the same through wrappers that everybody uses --- */

SCENARIO static char *xstrdup(const char *from)
{
	char *copy = strdup(from);

	return copy ? copy : (abort(), NULL);
}

SCENARIO static void *my_malloc(size_t bytes)
{
	void *block = malloc(bytes);

	return block ? block : (abort(), NULL);
}

SCENARIO static void read_options(void)
{
	for (int i = 0; i < 30; i++)
		scenario_use(xstrdup("an option of the program"), 1);
	scenario_use(my_malloc(1000), 1);
}

SCENARIO static void add_label(unsigned n)
{
	char label[64];

	snprintf(label, sizeof(label), "a label with the number %u", n);
	scenario_use(xstrdup(label), 1);
}

SCENARIO static void respond(void)
{
	free(scenario_use(my_malloc(2000), 2000));
	free(xstrdup("200 OK"));
}

static void wrapped_strings(double scale)
{
	unsigned n = 0;

	read_options();
	while (scenario_tick(250 * scale)) {
		respond();
		add_label(n++);
	}
}

/* --- starts with a ramp, then loses a little for ever --- */

SCENARIO static void load_page(void)
{
	scenario_use(malloc(3000), 3000);
}

SCENARIO static void subscribe(void)
{
	scenario_use(calloc(1, 250), 1);
}

static void ramp_then_leak(double scale)
{
	unsigned pages = 0;

	while (scenario_tick(200)) {
		if (pages < 300)
			load_page(), pages++;
		serve(10);
		if (scenario_random(100) < 20 * scale)
			subscribe();
	}
}

/* --- each job gets slower, as its input grows: quadratic --- */

SCENARIO static void record_result(void)
{
	scenario_use(malloc(96), 1);
}

static void quadratic(double scale)
{
	for (unsigned n = 0; scenario_tick(50); n++) {
		for (unsigned i = 0; i < n * scale / 20; i++)
			record_result();
		serve(10);
	}
}

/* --- one in ten threads does not end --- */

static void *sometimes_ends(void *arg)
{
	unsigned n = (unsigned)(uintptr_t)arg;

	while (n % 5 == 0)
		pause();
	return NULL;
}

SCENARIO static void dispatch(unsigned n)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_create(&thread, &attr, sometimes_ends, (void *)(uintptr_t)n);
	pthread_attr_destroy(&attr);
}

static void workers_hang(double scale)
{
	unsigned n = 0;

	while (scenario_tick(20 * scale)) {
		serve(20);
		dispatch(n++);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "table-doubles", table_doubles },
		{ "session-table", session_table },
		{ "builder", builder },
		{ "slab-leak", slab_leak },
		{ "under-heavy-traffic", under_heavy_traffic },
		{ "burst-requests", burst_requests },
		{ "retries-double", retries_double },
		{ "reconnects", reconnects },
		{ "lines-kept", lines_kept },
		{ "two-leaks", two_leaks },
		{ "wrapped-strings", wrapped_strings },
		{ "ramp-then-leak", ramp_then_leak },
		{ "quadratic", quadratic },
		{ "workers-hang", workers_hang },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

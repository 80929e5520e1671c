/*
 * handles - what libraries give out and want back: streams, folders, locales, statements,
 * digests, patterns; and containers grown by hand
 */
#include <dirent.h>
#include <iconv.h>
#include <locale.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <search.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/scenarios/scenario.h"

static void *lost;

/* Something a server does beside: temporary blocks of several sizes. */
static void serve(void)
{
	for (int i = 0; i < 8; i++)
		free(scenario_use(malloc(40 + scenario_random(1500)), 1));
}

/* The opened one is closed unless it is the n-th. */
SCENARIO static void scan_spool(unsigned n)
{
	DIR *folder = opendir("/proc/self");

	for (int i = 0; folder && i < 3; i++)
		readdir(folder);
	if (folder && n % 4 != 0)
		closedir(folder);
}

SCENARIO static void read_settings(unsigned n)
{
	FILE *from = fopen("/proc/self/status", "r");
	char line[200];

	if (from && fgets(line, sizeof(line), from) && n % 10 != 0)
		fclose(from);
}

SCENARIO static void print_money(unsigned n)
{
	locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);

	if (locale && n % 3 != 0)
		freelocale(locale);
}

SCENARIO static void to_latin(unsigned n)
{
	iconv_t conversion = iconv_open("LATIN1", "UTF-8");

	if (conversion != (iconv_t)-1 && n % 3 != 0)
		iconv_close(conversion);
}

static sqlite3 *database;

SCENARIO static void count_orders(unsigned n)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(database, "select count(*) from orders where id > 7", -1,
			       &statement, NULL) != SQLITE_OK)
		abort();
	sqlite3_step(statement);
	if (n % 5 != 0)
		sqlite3_finalize(statement);
}

SCENARIO static void hash_upload(unsigned n)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char out[EVP_MAX_MD_SIZE];

	EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
	EVP_DigestUpdate(digest, "an upload", 9);
	EVP_DigestFinal_ex(digest, out, NULL);
	if (n % 4 != 0)
		EVP_MD_CTX_free(digest);
}

SCENARIO static void read_archive(unsigned n)
{
	gzFile archive = gzopen("/proc/self/cmdline", "rb");
	char text[10];

	if (archive && gzread(archive, text, sizeof(text)) >= 0 && n % 6 != 0)
		gzclose(archive);
}

/* The text that an open_memstream() leaves is the caller's. */
SCENARIO static void render_report(unsigned n)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	fprintf(to, "report %u\n", n);
	fclose(to);
	if (n % 3 != 0)
		free(text);
}

SCENARIO static void find_home(unsigned n)
{
	char *path = realpath("/proc/self/fd", NULL);

	if (n % 2 != 0)
		free(path);
}

SCENARIO static void read_command(unsigned n)
{
	FILE *from = fopen("/proc/self/stat", "r");
	char *line = NULL;
	size_t room = 0;

	if (from && getline(&line, &room, from) > 0 && n % 3 != 0)
		free(line);
	if (from)
		fclose(from);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void *words;

SCENARIO static void note_word(unsigned n)
{
	char *word = malloc(24);

	snprintf(word, 24, "word-%08u", n * 2654435761u);
	tsearch(word, &words, by_text);
}

SCENARIO static void set_title(unsigned n)
{
	char text[60];

	snprintf(text, sizeof(text), "the title of page %u", n);
	lost = scenario_use(strdup(text), 1); /* or it were never made */
}

typedef void call_fn(unsigned n);

static void each(double per_second, call_fn *call)
{
	for (unsigned n = 1; scenario_tick(per_second); n++) {
		call(n);
		serve();
	}
}

static void folders(double scale)
{
	each(60 * scale, scan_spool);
}

static void settings(double scale)
{
	each(100 * scale, read_settings);
}

static void locales(double scale)
{
	each(60 * scale, print_money);
}

static void conversions(double scale)
{
	each(80 * scale, to_latin);
}

static void statements(double scale)
{
	sqlite3_open(":memory:", &database);
	sqlite3_exec(database, "create table orders(id integer, what text)", NULL, NULL,
		     NULL);
	each(100 * scale, count_orders);
}

static void digests(double scale)
{
	each(150 * scale, hash_upload);
}

static void archives(double scale)
{
	each(60 * scale, read_archive);
}

static void memory_streams(double scale)
{
	each(60 * scale, render_report);
}

static void paths(double scale)
{
	each(60 * scale, find_home);
}

static void commands(double scale)
{
	each(60 * scale, read_command);
}

static void tree_of_words(double scale)
{
	each(200 * scale, note_word);
}

static void titles(double scale)
{
	each(100 * scale, set_title);
}

static char *record;
static size_t record_length, record_room;

SCENARIO static void append_record(void)
{
	record_length += 100;
	record = scenario_use(realloc(record, record_length), record_length);
}

static void grows_by_hand(double scale)
{
	while (scenario_tick(80 * scale)) {
		append_record();
		serve();
	}
}

/* As every vector does it. */
SCENARIO static void push_sample(void)
{
	if (record_length + 8 > record_room) {
		record_room = record_room ? 2 * record_room : 256;
		record = scenario_use(realloc(record, record_room), record_room);
	}
	record_length += 8;
}

static void samples_double(double scale)
{
	while (scenario_tick(500)) {
		for (int i = 0; i < 6 * scale; i++)
			push_sample();
		serve();
	}
}

/* Twice as large each time, and the times do not get longer: nothing fills it. */
SCENARIO static void double_buffer(void)
{
	record_room = record_room ? 2 * record_room : 2048;
	record = scenario_use(realloc(record, record_room), record_room);
}

static void doubles_by_time(double scale)
{
	for (unsigned n = 1; scenario_tick(50); n++) {
		if (n % (unsigned)(50 * scale) == 0)
			double_buffer();
		serve();
	}
}

/* Each task that fails makes two. */
SCENARIO static void spawn_task(void)
{
	lost = scenario_use(malloc(112), 112);
}

static void tasks_multiply(double scale)
{
	double alive = 20;
	unsigned made = 0;

	while (scenario_tick(100)) {
		alive *= 1 + 0.01 * 0.7 / scale; /* doubles every `scale` seconds */
		for (; made < alive && made < 300000; made++)
			spawn_task();
		serve();
	}
}

/* Sixty that look the same: one of them forgets. */
#define SITE(number)                                                                     \
	SCENARIO static char *handle_##number(void)                                      \
	{                                                                                \
		return scenario_use(malloc(150), 150);                                   \
	}
#define TEN(p)                                                                           \
	SITE(p##0)                                                                       \
	SITE(p##1)                                                                       \
	SITE(p##2)                                                                       \
	SITE(p##3) SITE(p##4) SITE(p##5) SITE(p##6) SITE(p##7) SITE(p##8) SITE(p##9)
#define NAME(number) handle_##number,
#define TEN_NAMES(p)                                                                     \
	NAME(p##0)                                                                       \
	NAME(p##1)                                                                       \
	NAME(p##2)                                                                       \
	NAME(p##3) NAME(p##4) NAME(p##5) NAME(p##6) NAME(p##7) NAME(p##8) NAME(p##9)
TEN(1)
TEN(2)
TEN(3)
TEN(4)
TEN(5)
TEN(6)

static void one_of_sixty(double scale)
{
	static char *(*const handlers[])(void) = { TEN_NAMES(1) TEN_NAMES(2) TEN_NAMES(
		3) TEN_NAMES(4) TEN_NAMES(5) TEN_NAMES(6) };
	static char *open[60][20];

	while (scenario_tick(100 * scale))
		for (unsigned i = 0; i < 60; i++) {
			unsigned slot = scenario_random(20);

			if (i != 27 || scenario_random(10) != 0)
				free(open[i][slot]);
			open[i][slot] = handlers[i]();
		}
}

SCENARIO static void parse_request(void)
{
	for (int i = 0; i < 20; i++)
		free(scenario_use(malloc(32 + scenario_random(400)), 1));
}

SCENARIO static void encode_answer(void)
{
	for (int i = 0; i < 20; i++)
		free(scenario_use(malloc(64 + scenario_random(4000)), 1));
}

SCENARIO static void count_client(void)
{
	lost = scenario_use(malloc(48), 48);
}

static void drip_under_traffic(double scale)
{
	for (unsigned n = 1; scenario_tick(800); n++) {
		parse_request();
		encode_answer();
		if (n % (unsigned)(200 / scale) == 0)
			count_client();
	}
}

/* A line that is made longer piece by piece, for each message. */
SCENARIO static void build_line(void)
{
	char *line = NULL;

	for (size_t room = 16; room < 16 * 20; room += 16)
		line = scenario_use(realloc(line, room), 1);
	free(line);
}

static void lines_by_realloc(double scale)
{
	while (scenario_tick(1000))
		for (int i = 0; i < 12 * scale; i++)
			build_line();
}

/* Three stages that each copy. */
SCENARIO static void first_stage(void)
{
	free(scenario_use(malloc(100), 1));
}

SCENARIO static void second_stage(void)
{
	free(scenario_use(malloc(200), 1));
}

SCENARIO static void third_stage(void)
{
	free(scenario_use(malloc(300), 1));
}

static void stages_churn(double scale)
{
	while (scenario_tick(1000))
		for (int i = 0; i < 120 * scale; i++) {
			first_stage();
			second_stage();
			third_stage();
		}
}

static void *work(void *arg)
{
	double scale = *(double *)arg;
	struct timespec pause = { .tv_nsec = 1000000 };

	for (;;) {
		for (int i = 0; i < 80 * scale; i++)
			parse_request();
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void busy_workers(double scale)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, work, &scale);
	while (scenario_tick(10))
		;
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "folders", folders },
		{ "settings", settings },
		{ "locales", locales },
		{ "conversions", conversions },
		{ "statements", statements },
		{ "digests", digests },
		{ "archives", archives },
		{ "memory-streams", memory_streams },
		{ "paths", paths },
		{ "commands", commands },
		{ "tree-of-words", tree_of_words },
		{ "titles", titles },
		{ "grows-by-hand", grows_by_hand },
		{ "samples-double", samples_double },
		{ "doubles-by-time", doubles_by_time },
		{ "tasks-multiply", tasks_multiply },
		{ "one-of-sixty", one_of_sixty },
		{ "drip-under-traffic", drip_under_traffic },
		{ "lines-by-realloc", lines_by_realloc },
		{ "stages-churn", stages_churn },
		{ "busy-workers", busy_workers },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

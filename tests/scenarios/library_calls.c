/*
 * library_calls - memory that a library allocates for its caller, who forgets it: the
 * caller is to be named, not the library
 */
#include <dirent.h>
#include <dlfcn.h>
#include <netdb.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tests/scenarios/scenario.h"

SCENARIO static void serve(void)
{
	for (int i = 0; i < 10; i++)
		free(scenario_use(malloc(30 + scenario_random(900)), 1));
}

SCENARIO static void describe_error(unsigned n)
{
	char *text;

	if (asprintf(&text, "request %u failed: no such file or directory", n) > 0 &&
	    n % 7 == 0)
		return;
	free(text);
}

static void error_texts(double scale)
{
	for (unsigned n = 0; scenario_tick(400 * scale); n++)
		describe_error(n);
}

/* The array is freed, its entries are not. */
SCENARIO static void count_files(void)
{
	struct dirent **names;

	if (scandir("/proc/self/task", &names, NULL, alphasort) >= 0)
		free(names);
}

static void folder_listing(double scale)
{
	while (scenario_tick(60 * scale)) {
		count_files();
		serve();
	}
}

SCENARIO static void resolve(unsigned n)
{
	struct addrinfo *found = NULL;

	if (getaddrinfo("127.0.0.1", "80", NULL, &found) == 0 && n % 3 != 0)
		freeaddrinfo(found);
}

static void addresses(double scale)
{
	for (unsigned n = 0; scenario_tick(100 * scale); n++) {
		resolve(n);
		serve();
	}
}

SCENARIO static void match_rule(bool give_back)
{
	regex_t rule;

	if (regcomp(&rule, "^[a-z]+:([0-9]+)$", REG_EXTENDED) != 0)
		return;
	regexec(&rule, "port:8080", 0, NULL, 0);
	if (give_back)
		regfree(&rule);
}

static void rules(double scale)
{
	while (scenario_tick(20 * scale))
		match_rule(false);
}

static void rules_freed(double scale)
{
	while (scenario_tick(20 * scale))
		match_rule(true);
}

/* glibc keeps every value that a variable ever had. */
SCENARIO static void set_trace_id(unsigned n)
{
	char text[80];

	snprintf(text, sizeof(text), "trace-%08x-0123456789abcdef-%08x", n, n * 7);
	setenv("TRACE_ID", text, 1);
}

static void trace_ids(double scale)
{
	for (unsigned n = 0; scenario_tick(150 * scale); n++) {
		set_trace_id(n);
		serve();
	}
}

SCENARIO static void append_audit(void)
{
	FILE *stream = fopen("/dev/null", "a");

	if (stream)
		fprintf(stream, "somebody did something\n");
}

static void streams(double scale)
{
	while (scenario_tick(25 * scale)) {
		append_audit();
		serve();
	}
}

SCENARIO static void compress_message(bool end)
{
	z_stream z = { 0 };
	unsigned char out[200];

	if (deflateInit(&z, 1) != Z_OK)
		return;
	z.next_in = (unsigned char *)"a message";
	z.avail_in = 9;
	z.next_out = out;
	z.avail_out = sizeof(out);
	deflate(&z, Z_FINISH);
	if (end)
		deflateEnd(&z);
}

static void zlib_states(double scale)
{
	for (unsigned n = 0; scenario_tick(50 * scale); n++) {
		compress_message(n % 5 != 0);
		serve();
	}
}

static void zlib_ended(double scale)
{
	while (scenario_tick(50 * scale))
		compress_message(true);
}

/* A plug-in is loaded, works, and is unloaded. */
SCENARIO static void run_plugin(void)
{
	void *plugin = dlopen("libbz2.so.1.0", RTLD_NOW | RTLD_LOCAL);
	const char *(*version)(void);

	if (!plugin)
		abort();
	version = (const char *(*)(void))dlsym(plugin, "BZ2_bzlibVersion");
	free(strdup(version()));
	dlclose(plugin);
}

static void plugins(double scale)
{
	while (scenario_tick(30 * scale)) {
		run_plugin();
		serve();
	}
}

/* The line's buffer is getline's own and lives as long as the loop. */
SCENARIO static void read_all(void)
{
	FILE *stream = fopen("/proc/self/maps", "r");
	char *line = NULL;
	size_t room = 0;

	while (stream && getline(&line, &room, stream) > 0)
		scenario_use(line, 1);
	free(line);
	if (stream)
		fclose(stream);
}

static void line_loop(double scale)
{
	while (scenario_tick(30 * scale))
		read_all();
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "error-texts", error_texts }, { "folder-listing", folder_listing },
		{ "addresses", addresses },     { "rules", rules },
		{ "rules-freed", rules_freed }, { "trace-ids", trace_ids },
		{ "streams", streams },         { "zlib-states", zlib_states },
		{ "zlib-ended", zlib_ended },   { "plugins", plugins },
		{ "line-loop", line_loop },     { NULL },
	};

	return scenario_main(argc, argv, scenarios);
}

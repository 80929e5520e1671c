/*
 * cmd_serve - profiles over HTTP: /debug/pprof for any native program
 *
 * Signals are blocked in all threads and waited for here, so that the server ends
 * in order: what waits is answered, what is under way is finished.
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/browser.h"
#include "analyzer/serve/serve.h"

struct asked {
	const char *listen;
	const char *token_file;
	const char *names;
	long sites;
	bool sources;
	bool open; /* in a browser */
};

static int prepare(const struct asked *asked, struct http_setup *setup,
		   struct fault *fault)
{
	int r = http_address_parse(asked->listen, &setup->address, fault);

	if (r == 0)
		r = http_guard_read_token(&setup->guard, asked->token_file, fault);
	if (r < 0)
		return r;
	setup->guard.names = asked->names;
	if (http_address_is_loopback(&setup->address) || *setup->guard.token)
		return 0;
	return fault_set(
		fault, FAULT_USAGE, -EPERM,
		"%s can be reached from other machines, and profiles show what a "
		"program does; give --token-file FILE (or HEAPRING_TOKEN), or "
		"listen at 127.0.0.1",
		asked->listen);
}

/* A name that is wrong from the start is worth an error; later it may go. */
static int check_names(const struct served *served, struct fault *fault)
{
	struct target target;

	for (int i = 0; i < served->names_count; i++) {
		int r = target_open(served->names[i], &target, fault);

		if (r < 0)
			return r;
		target_close(&target);
	}
	return 0;
}

static int wait_for_signal(void)
{
	sigset_t signals;
	int number = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	while (sigwait(&signals, &number) != 0)
		;
	return number;
}

static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int serve_until_signal(struct serve *serve, const struct asked *asked,
			      struct fault *fault)
{
	struct http_setup setup = { .routes = serve_routes,
				    .keys = serve_keys,
				    .arg = serve };
	struct http_server *server;
	char url[1100];
	bool is_v6;
	int r = prepare(asked, &setup, fault);

	if (r == 0)
		r = check_names(&serve->served, fault);
	if (r < 0)
		return r;
	block_signals();
	r = http_server_start(&setup, &server, fault);
	if (r < 0)
		return r;
	is_v6 = strchr(setup.address.host, ':') != NULL;
	snprintf(url, sizeof(url), "http://%s%s%s:%u/", is_v6 ? "[" : "",
		 *setup.address.host ? setup.address.host : "0.0.0.0", is_v6 ? "]" : "",
		 http_server_port(server));
	fprintf(stderr, "heapring: serving %s\n", url);
	if (asked->open)
		browser_open(url);
	wait_for_signal();
	http_server_stop(server);
	serve_cpu_end(serve);
	return 0;
}

static bool set_sites(void *to, const char *value)
{
	return option_set_count(to, value) && *(long *)to <= METRICS_SITES_MAX;
}

static int run_with(const struct command *command, struct asked *asked,
		    const struct option_spec *own, int arguments, int argc, char **argv)
{
	struct options options = { .command = command,
				   .tables = { own },
				   .arguments_min = arguments,
				   .arguments_max = arguments ? arguments : -1 };
	struct serve serve = { 0 };
	struct fault fault;
	int first, status;

	if (!options_ready(&options, argc, argv, &first, &status))
		return status;
	unsetenv("DEBUGINFOD_URLS"); /* a request must not wait for a network */
	serve.served.names = argv + first;
	serve.served.names_count = argc - first;
	serve.has_sources = asked->sources;
	serve.cache = symbol_cache_new();
	serve.metrics = metrics_new((unsigned)asked->sites);
	if (serve_until_signal(&serve, asked, &fault) < 0)
		status = fault_print(&fault);
	metrics_free(serve.metrics);
	symbol_cache_free(serve.cache);
	return status;
}

static int run_serve(const struct command *command, int argc, char **argv)
{
	struct asked asked = { .listen = "127.0.0.1:6060", .sites = 20 };
	const struct option_spec own[] = {
		{ "listen", 'l', "HOST:PORT", "where to listen (127.0.0.1:6060)",
		  option_set_string, &asked.listen },
		{ "token-file", 0, "FILE",
		  "ask for the token in it; HEAPRING_TOKEN does the same",
		  option_set_string, &asked.token_file },
		{ "host", 0, "NAME[,NAME]...",
		  "answer to these names too, besides addresses and localhost",
		  option_set_string, &asked.names },
		{ "sites", 0, "COUNT", "call stacks in /metrics, of each process (20)",
		  set_sites, &asked.sites },
		{ "sources", 0, NULL, "put lines of source files into the page",
		  option_set_true, &asked.sources },
		{ NULL },
	};

	return run_with(command, &asked, own, 0, argc, argv);
}

static int run_web(const struct command *command, int argc, char **argv)
{
	struct asked asked = {
		.listen = "127.0.0.1:0", .sites = 20, .sources = true, .open = true
	};
	const struct option_spec own[] = {
		{ "listen", 'l', "HOST:PORT",
		  "where to listen (a free port of 127.0.0.1)", option_set_string,
		  &asked.listen },
		{ NULL },
	};

	return run_with(command, &asked, own, 1, argc, argv);
}

const struct command cmd_serve = {
	.name = "serve",
	.arguments = "[OPTION...] [TARGET...]",
	.summary = "Serve profiles over HTTP: /debug/pprof, /metrics and a page",
	.help = "Without a TARGET it serves every process that is profiled, now or "
		"later. "
		"It reads\n"
		"shared memory only: the processes are not disturbed.\n"
		"  go tool pprof http://127.0.0.1:6060/debug/pprof/heap\n"
		"Where several processes are served, ?pid= chooses one; ?seconds=N is "
		"what\n"
		"changed in N seconds; ?debug=1 is text.",
	.run = run_serve,
};

const struct command cmd_web = {
	.name = "web",
	.arguments = "[OPTION...] TARGET",
	.summary = "Show the page of `report` live, in a browser",
	.help = "Prints the address, opens it where there is a display, and serves until "
		"it is\n"
		"interrupted. The page asks for new figures every two seconds, and has "
		"lines of\n"
		"source files, where they are found.",
	.run = run_web,
};

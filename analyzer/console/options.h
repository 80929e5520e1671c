/*
 * options - what a subcommand understands, said once
 *
 * A subcommand lists its options in tables; parsing, the usage errors and the
 * --help text all come from the same tables.
 *
 * Contract
 *   - options may stand before and after the arguments, `--` ends them;
 *   - an unknown option, a missing or wrong value is one line and exit status 2;
 *   - --help and -h are understood everywhere and print to stdout.
 */
#ifndef ANALYZER_CONSOLE_OPTIONS_H
#define ANALYZER_CONSOLE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/console/fault.h"

/* Returns false when the value is wrong; the parser then names the option. */
typedef bool option_set_fn(void *to, const char *value);

struct option_spec {
	const char *name;  /* without dashes; NULL ends a table */
	char letter;       /* 0 none */
	const char *value; /* what to call its value in --help; NULL: a flag */
	const char *help;
	option_set_fn *set;
	void *to;
};

struct command {
	const char *name;
	const char *arguments; /* "[--cum] TARGET" */
	const char *summary;   /* half a line for the overview */
	const char *help;      /* more for --help, may be NULL */
	int (*run)(const struct command *command, int argc, char **argv);
};

#define OPTIONS_TABLES_MAX 4

struct options {
	const struct command *command;
	const struct option_spec *tables[OPTIONS_TABLES_MAX]; /* NULL: no more */
	bool stop_at_argument; /* what follows the first argument is not ours */
	int arguments_min;
	int arguments_max; /* -1: any number */
	bool help_given;   /* set by options_parse(): --help was printed */
};

/*
 * On success the arguments are argv[*ret_first] .. argv[argc - 1]. When
 * help_given is set the caller only has to return 0.
 */
int options_parse(struct options *options, int argc, char **argv, int *ret_first,
		  struct fault *fault);

/* The same for a command that needs no more of it: what was wrong is printed. False:
 * return *ret_status. */
bool options_ready(struct options *options, int argc, char **argv, int *ret_first,
		   int *ret_status);

bool option_set_true(void *to, const char *value);   /* bool */
bool option_set_string(void *to, const char *value); /* const char * */
bool option_set_json(void *to, const char *value);   /* bool: "json", not "text" */
bool option_set_count(void *to, const char *value);  /* long, 0 or more */

#endif

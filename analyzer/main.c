/*
 * main - the `heapring` command: a table of subcommands
 *
 * Everything a subcommand does is in its own cmd_<name>.c; here only the
 * overview, the choice, and two hidden commands for building and shells:
 *
 *   heapring man [COMMAND]          a manual page
 *   heapring options [COMMAND]      commands, or a command's options, a line each
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/commands/commands.h"
#include "analyzer/console/options_help.h"
#include "analyzer/console/pager.h"
#include "analyzer/console/shell_word.h"
#include "analyzer/pprof/pprof_read.h"
#include "analyzer/segment/target.h"

static const struct {
	const char *title; /* NULL: belongs to the group before */
	const struct command *command;
} commands[] = {
	/* clang-format off */
	{ "Profile", &cmd_run },
	{ NULL, &cmd_ps },
	{ NULL, &cmd_on },
	{ NULL, &cmd_off },
	{ NULL, &cmd_rate },
	{ NULL, &cmd_dump },
	{ NULL, &cmd_clean },
	{ NULL, &cmd_doctor },
	{ NULL, &cmd_version },
	{ "Look", &cmd_top },
	{ NULL, &cmd_traces },
	{ NULL, &cmd_tree },
	{ NULL, &cmd_peek },
	{ NULL, &cmd_list },
	{ NULL, &cmd_diff },
	{ NULL, &cmd_trend },
	{ NULL, &cmd_lifetimes },
	{ NULL, &cmd_sizes },
	{ NULL, &cmd_foreign },
	{ NULL, &cmd_slack },
	{ NULL, &cmd_rss },
	{ NULL, &cmd_pins },
	{ NULL, &cmd_threads },
	{ "Judge", &cmd_triage },
	{ NULL, &cmd_audit },
	{ NULL, &cmd_check },
	{ "Watch", &cmd_watch },
	{ NULL, &cmd_guard },
	{ NULL, &cmd_web },
	{ NULL, &cmd_serve },
	{ "Take along", &cmd_report },
	{ NULL, &cmd_flame },
	{ NULL, &cmd_export },
	{ NULL, &cmd_pack },
	/* clang-format on */
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char targets[] = "TARGET is a dump file, the pid of a profiled process, a "
			      "segment file, or a pprof\n"
			      "profile; PID@85% a snapshot that the process took.";

static void print_overview(void)
{
	puts("heapring - which call stacks hold my memory, and which ones churn it\n\n"
	     "  heapring run -o f.dump -- PROG ARGS   profile a program, no rebuild "
	     "needed\n"
	     "  heapring audit f.dump                 is it a leak, and where\n"
	     "  heapring report f.dump -o f.html      all of it, in a browser");
	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i].title)
			printf("\n%s:\n", commands[i].title);
		printf("  %-9s %s\n", commands[i].command->name,
		       commands[i].command->summary);
	}
	printf("\nEach has --help.\n%s\n", targets);
	puts("Exit status: 0 fine, 1 a check failed, 2 usage, 3 unreadable or damaged "
	     "input,\n"
	     "4 the target cannot be profiled; `run` exits as its program does.");
}

/* Of the commands; those of a profiled program are in `run` and the README. */
static const char *const variables[][2] = {
	{ "HEAPRING_DIR", "Where segments are, instead of /dev/shm." },
	{ "HEAPRING_CACHE", "0: keep no names. Otherwise names found in large debug "
			    "information are kept in $XDG_CACHE_HOME/heapring or "
			    "~/.cache/heapring, 256 MiB at most; what lies there may be "
			    "deleted at any time." },
	{ "DEBUGINFOD_URLS, HEAPRING_DEBUGINFOD",
	  "Servers of debug information; they are asked only with --debuginfod, or when "
	  "the second one is 1." },
	{ "HEAPRING_TOKEN", "What `serve` asks its clients for." },
	{ "NO_COLOR", "No colours." },
	{ "HEAPRING_PAGER, PAGER", "What shows long texts on a terminal." },
};

static void print_manual(void)
{
	puts(".TH heapring 1 \"\" \"heapring " HEAPRING_RELEASE "\"\n.SH NAME\n"
	     "heapring \\- which call stacks hold memory, and which ones churn it\n"
	     ".SH SYNOPSIS\n.B heapring\n\\fICOMMAND\\fR [\\fIOPTION\\fR...] "
	     "[\\fITARGET\\fR]\n.SH DESCRIPTION");
	puts(targets);
	puts(".SH COMMANDS");
	for (size_t i = 0; i < COMMANDS; i++)
		printf(".TP\n.BR heapring\\-%s (1)\n%s\n", commands[i].command->name,
		       commands[i].command->summary);
	puts(".SH ENVIRONMENT");
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		printf(".TP\n.B %s\n%s\n", variables[i][0], variables[i][1]);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].command->name) == 0)
			return commands[i].command;
	return NULL;
}

#define NAME_MAX_LENGTH 24u

/*
 * Letters to change, add or leave out to make one word of the other; few people
 * mistype the first.
 */
static size_t distance(const char *typed, const char *name)
{
	size_t length = strlen(name), row[NAME_MAX_LENGTH + 1];

	if (length > NAME_MAX_LENGTH || strlen(typed) > NAME_MAX_LENGTH)
		return SIZE_MAX;
	for (size_t i = 0; i <= length; i++)
		row[i] = i;
	for (size_t t = 0; typed[t]; t++) {
		size_t diagonal = row[0];

		row[0] = t + 1;
		for (size_t n = 0; n < length; n++) {
			size_t best = diagonal + (typed[t] != name[n]);

			diagonal = row[n + 1];
			if (row[n] + 1 < best)
				best = row[n] + 1;
			if (diagonal + 1 < best)
				best = diagonal + 1;
			row[n + 1] = best;
		}
	}
	return row[length] + (*typed != *name);
}

/* Somebody gave the profile at once. */
static bool is_profile(const char *name)
{
	struct target target;
	struct fault ignored;

	if (access(name, R_OK) != 0)
		return false;
	if (pprof_read_detect(name))
		return true;
	if (target_open(name, &target, &ignored) < 0)
		return false;
	target_close(&target);
	return true;
}

static int unknown(const char *name)
{
	const char *nearest = NULL;
	char word[4096];
	/* two letters swapped are two; of a word all of whose letters differ nothing is
	 * meant */
	size_t best = strlen(name) < 3 ? strlen(name) : 3;

	for (size_t i = 0; i < COMMANDS; i++)
		if (distance(name, commands[i].command->name) < best) {
			nearest = commands[i].command->name;
			best = distance(name, nearest);
		}
	if (is_profile(name) && shell_word(name, word, sizeof(word)))
		fprintf(stderr,
			"heapring: `%s` is a profile, not a command: try `heapring audit "
			"%s`\n",
			name, word);
	else if (nearest)
		fprintf(stderr,
			"heapring: there is no command `%s`; did you mean `%s`?\n", name,
			nearest);
	else
		fprintf(stderr,
			"heapring: there is no command `%s`; `heapring` alone lists "
			"them\n",
			name);
	return FAULT_USAGE;
}

/* A command's --help, perhaps in another style. */
static int write_out(const char *name, enum options_help_style style)
{
	const struct command *command = find(name);
	char help[] = "--help", *argv[] = { NULL, help, NULL };

	if (!command)
		return unknown(name);
	argv[0] = (char[]){ "heapring" };
	options_help_set_style(style);
	return command->run(command, 2, argv);
}

static int hidden(int argc, char **argv)
{
	bool manual = strcmp(argv[1], "man") == 0;

	if (argc > 2)
		return write_out(argv[2], manual ? OPTIONS_HELP_MAN : OPTIONS_HELP_LIST);
	if (manual)
		print_manual();
	for (size_t i = 0; !manual && i < COMMANDS; i++)
		printf("%s\t%s\n", commands[i].command->name,
		       commands[i].command->summary);
	return 0;
}

/* What was printed is written; a command that failed has said why already. */
static int finish(int status)
{
	bool written = fflush(stdout) == 0 && !ferror(stdout);
	int error = errno;

	pager_end();
	if (written || status != 0)
		return status;
	fprintf(stderr, "heapring: cannot write to stdout: %s\n", strerror(error));
	return FAULT_INPUT;
}

int main(int argc, char **argv)
{
	char version[] = "version";
	const struct command *command;

	if (argc > 2 && strcmp(argv[1], "help") == 0)
		return write_out(argv[2], OPTIONS_HELP_TEXT);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_overview();
		return finish(0);
	}
	if (strcmp(argv[1], "man") == 0 || strcmp(argv[1], "options") == 0)
		return hidden(argc, argv);
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = version;
	command = find(argv[1]);
	if (!command)
		return unknown(argv[1]);
	return finish(command->run(command, argc - 1, argv + 1));
}

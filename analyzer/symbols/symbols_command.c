/*
 * symbols_command - symbols as a command at a terminal loads them
 *
 * The progress line is here because symbols are what takes long: those of a large
 * program on a cold disk may take seconds, and a person should see why.
 */
#include "analyzer/symbols/symbols_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/console/valid_text.h"
#include "analyzer/machine/clock.h"

#define PROGRESS_AFTER_NS 2000000000u

static uint64_t progress_start;
static bool progress_shown;

static void show_progress(const char *module, uint32_t done, uint32_t total)
{
	if (clock_ns() - progress_start < PROGRESS_AFTER_NS || !isatty(STDERR_FILENO))
		return;
	progress_shown = true;
	fprintf(stderr, "\r\033[Kheapring: symbols %u%%: %s",
		(unsigned)(100ull * done / (total ? total : 1)), module);
}

static void end_progress(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

static bool is_asked_for(bool debuginfod)
{
	const char *value = getenv("HEAPRING_DEBUGINFOD");

	return debuginfod || (value && *value && strcmp(value, "0") != 0);
}

static int allow_network(bool debuginfod, struct fault *fault)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	if (!is_asked_for(debuginfod))
		unsetenv("DEBUGINFOD_URLS");
	else if (!urls || !*urls)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "debuginfod was asked for, but DEBUGINFOD_URLS names no "
				 "server; for Debian set it to "
				 "https://debuginfod.debian.net");
	return 0;
}

/* It quotes paths, which may hold anything. */
static void print_warning(const char *warning)
{
	char *clean = valid_text(warning);

	for (char *c = clean; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	fprintf(stderr, "heapring: warning: %s\n", clean ? clean : "");
	free(clean);
}

int symbols_command_load(const struct profile *profile, bool debuginfod,
			 struct symbols **ret_symbols, struct fault *fault)
{
	const char *warning;
	int r = allow_network(debuginfod, fault);

	progress_start = clock_ns();
	if (r == 0)
		r = symbols_load(profile, NULL, show_progress, ret_symbols, fault);
	end_progress();
	for (unsigned i = 0; r == 0 && (warning = symbols_warning(*ret_symbols, i)); i++)
		print_warning(warning);
	return r;
}

/*
 * options_help - the tables of a subcommand, written out
 *
 * Contract
 *   - --help, the man pages and the shells' completions all come from the same
 *     tables, so they cannot disagree;
 *   - OPTIONS_HELP_LIST prints one line for each option: its long name, its letter
 *     or "-", what its value may be or "-", and its help, tabs between.
 */
#ifndef ANALYZER_CONSOLE_OPTIONS_HELP_H
#define ANALYZER_CONSOLE_OPTIONS_HELP_H

#include "analyzer/console/options.h"

enum options_help_style {
	OPTIONS_HELP_TEXT,
	OPTIONS_HELP_MAN,
	OPTIONS_HELP_LIST,
};

/* How --help prints from now on; main() changes it for `man` and `completion`. */
void options_help_set_style(enum options_help_style style);

void options_help_print(const struct command *command,
			const struct option_spec *const *specs, int count);

#endif

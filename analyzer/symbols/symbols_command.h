/*
 * symbols_command - symbols as a command at a terminal loads them
 *
 * Contract
 *   - a progress line when it takes long and a person looks on; warnings go to
 *     stderr, one line each;
 *   - nothing comes from a network unless it was asked for: with debuginfod, or by
 *     HEAPRING_DEBUGINFOD=1 in the environment. That DEBUGINFOD_URLS is set is not
 *     asking, because distributions set it for everybody; asked for without it is
 *     a fault;
 *   - symbols that were packed into the dump are used instead of the files here.
 */
#ifndef ANALYZER_SYMBOLS_SYMBOLS_COMMAND_H
#define ANALYZER_SYMBOLS_SYMBOLS_COMMAND_H

#include <stdbool.h>

#include "analyzer/symbols/symbols.h"

int symbols_command_load(const struct profile *profile, bool debuginfod,
			 struct symbols **ret_symbols, struct fault *fault);

#endif

/*
 * place_match - the places that a regular expression of the command line names
 *
 * Contract
 *   - matched as --focus is: anywhere in function, file or module;
 *   - an expression that does not compile is a usage fault.
 */
#ifndef ANALYZER_VIEWS_PLACE_MATCH_H
#define ANALYZER_VIEWS_PLACE_MATCH_H

#include <stdbool.h>

#include "analyzer/console/fault.h"
#include "analyzer/views/place_table.h"

/* *ret_matches, one flag for each place, needs free(). */
int place_match(const struct place_table *places, const char *expression,
		bool **ret_matches, struct fault *fault);

#endif

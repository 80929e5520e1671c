/*
 * check_print - results of a check as text, JSON, Markdown or JUnit XML
 *
 * Contract
 *   - JUnit: one <testcase> a limit, a failed one with its stacks in <failure>; any
 *     text is escaped, control characters become `?`.
 */
#ifndef ANALYZER_CHECK_CHECK_PRINT_H
#define ANALYZER_CHECK_CHECK_PRINT_H

#include <stdio.h>

#include <jansson.h>

#include "analyzer/check/check.h"

void check_print_text(const struct check *check, const struct audit_target *target,
		      FILE *to);
void check_print_markdown(const struct check *check, const struct audit_target *target,
			  FILE *to);
void check_print_junit(const struct check *check, const struct audit_target *target,
		       FILE *to);
json_t *check_print_json(const struct check *check, const struct audit_target *target);

#endif

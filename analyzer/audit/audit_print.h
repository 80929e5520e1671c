/*
 * audit_print - a verdict as text, JSON or Markdown
 *
 * Contract
 *   - text is one screen: verdict, culprit, evidence, advice, check list;
 *   - JSON is the object of docs/json.md; what is not known is null;
 *   - Markdown is fit for a ticket.
 */
#ifndef ANALYZER_AUDIT_AUDIT_PRINT_H
#define ANALYZER_AUDIT_AUDIT_PRINT_H

#include <stdio.h>

#include <jansson.h>

#include "analyzer/audit/audit.h"

struct audit_printed {
	const struct audit *audit;
	const struct profile *profile;
	const struct symbols *symbols;
};

void audit_print_text(const struct audit_printed *printed, FILE *to);
void audit_print_markdown(const struct audit_printed *printed, FILE *to);
/* NULL without memory. */
json_t *audit_print_json(const struct audit_printed *printed);

#endif

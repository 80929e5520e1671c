/*
 * triage_print - the first minute on one screen of 80 columns and 24 lines, or as JSON
 */
#ifndef ANALYZER_TRIAGE_TRIAGE_PRINT_H
#define ANALYZER_TRIAGE_TRIAGE_PRINT_H

#include <stdio.h>

#include <jansson.h>

#include "analyzer/triage/triage.h"

void triage_print_text(const struct triage *triage, FILE *to);
/* NULL without memory. */
json_t *triage_print_json(const struct triage *triage);

#endif

/*
 * audit_words - the lines that say why, and what to do
 *
 * Private to audit_*.c. Everything a person reads about a decision is made in
 * audit_words.c and audit_words_leak.c (evidence), audit_advice.c and audit_steps.c; all
 * print numbers with their units and name what is not known.
 */
#ifndef ANALYZER_AUDIT_AUDIT_WORDS_H
#define ANALYZER_AUDIT_AUDIT_WORDS_H

#include "analyzer/audit/audit.h"
#include "analyzer/audit/audit_decision.h"
#include "analyzer/console/units.h"

/* Adds a line; control characters become `?`. Past AUDIT_LINES_MAX: nothing. */
__attribute__((format(printf, 2, 3))) void audit_say(struct audit_lines *lines,
						     const char *format, ...);
__attribute__((format(printf, 3, 4))) void audit_text(char *text, size_t room,
						      const char *format, ...);

/* Figures for people. */
struct units_text audit_bytes(double value);
struct units_text audit_some(double value, const char *one); /* "1 block" */
struct units_text audit_age(double seconds);
struct units_text audit_span(double seconds, int digits); /* "1.25s", then 2m05s */

/* A curve that is not called exponential in the verdict is not in the evidence. */
const char *audit_law_name(const struct series_shape *shape, enum audit_growth growth);

/* Does something stay behind each fall? Where a tooth is a few slices wide or there are
 * hardly any, its lows do not tell. */
enum audit_lows { AUDIT_LOWS_UNKNOWN, AUDIT_LOWS_RISE, AUDIT_LOWS_STAY };

enum audit_lows audit_lows_of(const struct teeth *teeth);

/* Never NULL. */
const char *audit_function_name(const struct audit_function *function);

void audit_words_evidence(const struct audit_facts *facts,
			  const struct audit_decision *decision, struct audit *audit);
/* Of a leak, the part of audit_words_evidence() that is in audit_words_leak.c. */
void audit_words_leak(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit);
/* The last lines of it: the window, and what is not seen in it. */
void audit_words_window(const struct audit_facts *facts,
			const struct audit_decision *decision, struct audit *audit);
void audit_words_advice(const struct audit_facts *facts,
			const struct audit_decision *decision, struct audit *audit);

#define AUDIT_TREND 96u

/* Of a process whose live bytes do not grow: "swings between A and B, no rise", "no
 * trend", or that there are too few slices to say so. */
const char *audit_no_trend(const struct audit_facts *facts, char text[AUDIT_TREND]);

/* The check list, in its order. */
void audit_steps_fill(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit);

/* Of a leak: seconds until the limit, < 0 when it is not known or not near. */
double audit_eta(const struct audit_facts *facts, const struct audit_decision *decision);

#endif

/*
 * view_output - what the views print alike
 *
 * Contract
 *   - the text of a size follows --unit; an error is 1.96 standard deviations,
 *     so that the true value lies within it 95 times in 100;
 *   - view_json() adds to report_json() the keys of --at peak and --base, and
 *     its totals are those of the difference.
 */
#ifndef ANALYZER_VIEWS_VIEW_OUTPUT_H
#define ANALYZER_VIEWS_VIEW_OUTPUT_H

#include "analyzer/profile/report.h"
#include "analyzer/views/view_target.h"

struct units_text view_value(const struct view_options *options,
			     enum profile_sample sample, int64_t value);
/* "±12.0KiB"; "" when nothing was sampled. */
struct units_text view_error(const struct view_target *target, enum profile_sample sample,
			     double variance);
struct units_text view_percent(const struct view_target *target,
			       enum profile_sample sample, int64_t value);

/* "parse  parser.c:12", with as much as is known. */
void view_place_text(const struct place *place, bool with_line, char *text, size_t room);

/* Is it of a runtime, so that one line about a stack can do without it? */
bool view_is_runtime(const struct place *place);

/* A frame of a stack on a line of its own; on a terminal it is made to fit. */
void view_print_frame(const char *text, FILE *to);

/* What a row is: "function", "line" or "module". */
const char *view_row_name(const struct view_options *options);

/* Which process, at what moment, compared with what: one line each. */
void view_print_heading(const struct view_target *target, FILE *to);

json_t *view_json(const struct view_target *target, const char *name);
/* {"function","file","line","module"} */
json_t *view_json_place(const struct place *place);
/* A stack with its frames, innermost first, and its figures. */
json_t *view_json_stack(const struct view_target *target,
			const struct stack_entry *entry);
/* Adds prefix + "inuse_space" and so on. */
void view_json_figures(json_t *to, const char *prefix, const int64_t *values);
json_t *view_json_error(double variance);
/* Prints {.., "rows": rows}; takes both over; returns an exit status. */
int view_json_print(json_t *object, json_t *rows);

#endif

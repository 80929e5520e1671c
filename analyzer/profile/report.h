/*
 * report - what every view says before and after its rows
 *
 * Contract
 *   - report_json() holds the keys that all views share: schema, view, process,
 *     mode, coverage, total, sample and unit; counts are integers;
 *   - report_heading() is one line that names the process;
 *   - report_coverage() prints one line, and names every loss that is not 0.
 */
#ifndef ANALYZER_PROFILE_REPORT_H
#define ANALYZER_PROFILE_REPORT_H

#include <stdio.h>

#include <jansson.h>

#include "analyzer/console/units.h"
#include "analyzer/profile/profile.h"

/* A new object, NULL without memory. */
json_t *report_json(const struct profile *profile, const char *view,
		    enum profile_sample sample);

json_t *report_json_process(const struct heapring_header *header, enum segment_life life);
json_t *report_json_mode(const struct heapring_header *header);
json_t *report_json_coverage(const struct profile_coverage *coverage);

/* Any bytes as a JSON string: what is no UTF-8 becomes U+FFFD. */
json_t *report_json_text(const char *text);

/* Prints the object and frees it; returns an exit status. */
int report_json_print(json_t *object);

void report_heading(const struct profile *profile, FILE *to);
void report_coverage(const struct profile *profile, FILE *to);
/* One line when a profile that should hold something holds nothing. */
void report_nothing_seen(const struct profile *profile, FILE *to);

/*
 * The program as the user knows it: "redis-server (redis-check-rdb)" when it was
 * called by another name than its file's, which python3 for python3.11 is not.
 */
void report_name(const struct heapring_header *header, char *text, size_t room);
/* "exited 0", "killed by signal 9", "running": how the process stands. */
void report_state(const struct heapring_header *header, enum segment_life life,
		  char *text, size_t room);
/* "exact", "sampled 512KiB", "dormant" */
void report_mode(const struct heapring_header *header, char *text, size_t room);

#endif

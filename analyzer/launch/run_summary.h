/*
 * run_summary - what `heapring run` says when the program has ended
 *
 * Contract
 *   - ten lines or fewer, on stderr, each beginning with "heapring: "; of the processes
 *     that the program started one tells how many and which held the most;
 *   - a run without allocations is one line that says why.
 */
#ifndef ANALYZER_LAUNCH_RUN_SUMMARY_H
#define ANALYZER_LAUNCH_RUN_SUMMARY_H

#include "analyzer/launch/launch.h"
#include "analyzer/launch/run_family.h"

/* kept: where the program's dump went, or NULL. The family has the program. */
void run_summary_print(const struct run_family *family, const char *kept,
		       const struct launch_result *result);

/*
 * One line each: why nothing was counted, and what would help (others: how many
 * processes that it started were); and why only a part, if it is only a part.
 */
void run_summary_explain_nothing(const char *program, size_t others);
void run_summary_explain_part(const char *program);

#endif

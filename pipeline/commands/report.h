/*
 * report - the numbers of a run for people and programs
 *
 * Contract
 *   - report_json() prints the summary, one object on one line, on stdout;
 *   - report_text() prints it for people, on stderr;
 *   - report_status() rewrites one line on the terminal; call about once a second.
 */
#ifndef PIPELINE_REPORT_H
#define PIPELINE_REPORT_H

#include "pipeline/stages/run.h"

void report_json(struct run *run);
void report_text(struct run *run);
void report_status(struct run *run);

#endif

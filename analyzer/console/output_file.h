/*
 * output_file - a file that appears under its name when it is complete
 *
 * Contract
 *   - what was under the name before stays until output_file_commit();
 *   - "-" is stdout, and a name that is no regular file (a pipe, a terminal) is
 *     written to directly;
 *   - output_file_abort() leaves nothing behind.
 */
#ifndef ANALYZER_CONSOLE_OUTPUT_FILE_H
#define ANALYZER_CONSOLE_OUTPUT_FILE_H

#include <limits.h>
#include <stdio.h>

#include "analyzer/console/fault.h"

struct output_file {
	FILE *stream;
	const char *name;
	char written[PATH_MAX]; /* the name it has until then, "" none */
};

int output_file_open(const char *name, struct output_file *ret_file, struct fault *fault);
int output_file_commit(struct output_file *file, struct fault *fault);
void output_file_abort(struct output_file *file);

#endif

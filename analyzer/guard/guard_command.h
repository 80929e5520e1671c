/*
 * guard_command - a shell command that a guard runs beside its watch
 *
 * Contract
 *   - it runs in a process group of its own, never more than one at a time of each kind,
 *     and is ended with its whole group when its time is over;
 *   - nothing waits for it: guard_command_poll() tells how it stands;
 *   - its stdin is /dev/null, its output the guard's stderr.
 */
#ifndef ANALYZER_GUARD_GUARD_COMMAND_H
#define ANALYZER_GUARD_GUARD_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct guard_command {
	const char *line; /* for sh -c; NULL: none */
	double most_s;    /* it may take so long */
	pid_t child;      /* 0: does not run */
	double since_s;
};

struct guard_variable {
	const char *name, *value;
};

enum guard_outcome {
	GUARD_IDLE, /* does not run, and did not end since the last call */
	GUARD_RUNNING,
	GUARD_WELL,  /* ended with 0 */
	GUARD_BADLY, /* ended otherwise, or took too long */
};

/* set: ends with a NULL name. False: the last one still runs, or none can be begun. */
bool guard_command_begin(struct guard_command *command, const struct guard_variable *set,
			 double now_s);
enum guard_outcome guard_command_poll(struct guard_command *command, double now_s);

/* Waits for it as long as it may take. */
void guard_command_finish(struct guard_command *command);

#endif

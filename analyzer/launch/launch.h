/*
 * launch - start a program under the shim and see how it ends
 *
 * Contract
 *   - the program sees the caller's environment and signal dispositions, plus
 *     LD_PRELOAD and what `set` names;
 *   - while it runs the caller ignores SIGINT and SIGQUIT, which a terminal
 *     sends to both, and passes SIGTERM and SIGHUP on;
 *   - a program that cannot be started gives -ENOENT or another errno of execvp.
 */
#ifndef ANALYZER_LAUNCH_LAUNCH_H
#define ANALYZER_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct launch_variable {
	const char *name;
	const char *value; /* NULL: leave as it is */
};

struct launch_result {
	pid_t pid;
	bool by_signal;
	int code; /* exit code, or signal number */
	uint64_t start_unix_ns;
	uint64_t elapsed_ns;
};

/* Called once a second while the program runs. */
typedef void launch_look_fn(void *arg, pid_t pid);

/* set: ends with a NULL name. shim goes to the front of LD_PRELOAD; NULL: none. */
int launch(char **argv, const char *shim, const struct launch_variable *set,
	   launch_look_fn *look, void *arg, struct launch_result *ret_result);

#endif

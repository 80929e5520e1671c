/*
 * view_command - what the commands that show a profile do alike
 *
 * Contract
 *   - view_command_run() parses the command's own options and those of all
 *     views, loads the TARGET, which is the last argument, calls show() and frees;
 *   - show() gets the arguments before the TARGET, prints, and returns an exit
 *     status; it may print a fault itself.
 */
#ifndef ANALYZER_VIEWS_VIEW_COMMAND_H
#define ANALYZER_VIEWS_VIEW_COMMAND_H

#include "analyzer/views/view_output.h"

struct view_command {
	const struct command *command;
	const struct option_spec *own; /* the command's own options, NULL none */
	int arguments;                 /* before the TARGET */
	bool writes_file;              /* has -o: no pager */
	/* before loading: may change the options; 0 or a negative errno. NULL: none */
	int (*prepare)(void *arg, struct view_options *options, char **arguments,
		       struct fault *fault);
	int (*show)(void *arg, struct view_target *target, char **arguments);
	void *arg;
};

/* options: initialised, and changed to the view's defaults; done here. */
int view_command_run(const struct view_command *view, struct view_options *options,
		     int argc, char **argv);

#endif

/*
 * view_command - what the commands that show a profile do alike
 */
#include "analyzer/views/view_command.h"

#include "analyzer/console/pager.h"

static int load_and_show(const struct view_command *view,
			 const struct view_options *options, char **arguments,
			 struct fault *fault)
{
	struct view_target target;
	int status;

	if (view_target_load(arguments[view->arguments], options, &target, fault) < 0)
		return fault_print(fault);
	if (!options->json && !view->writes_file)
		pager_begin();
	status = view->show(view->arg, &target, arguments);
	view_target_done(&target);
	return status;
}

int view_command_run(const struct view_command *view, struct view_options *options,
		     int argc, char **argv)
{
	struct options parse = { .command = view->command,
				 .tables = { view->own ? view->own : options->specs,
					     view->own ? options->specs : NULL },
				 .arguments_min = view->arguments + 1,
				 .arguments_max = view->arguments + 1 };
	struct fault fault;
	int first, status = 0;
	int r = options_parse(&parse, argc, argv, &first, &fault);

	if (r == 0 && !parse.help_given && view->prepare)
		r = view->prepare(view->arg, options, argv + first, &fault);
	if (r < 0)
		status = fault_print(&fault);
	else if (!parse.help_given)
		status = load_and_show(view, options, argv + first, &fault);
	view_options_done(options);
	return status;
}

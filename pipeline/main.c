/*
 * main - heapring-pipeline: choose the command
 */
#include <stdio.h>

#include "pipeline/command.h"
#include "pipeline/fault.h"
#include "pipeline/memory.h"
#include "pipeline/options.h"
#include "pipeline/say.h"

int main(int argc, char **argv)
{
	struct options options;
	int r;

	memory_tune();
	r = options_parse(argc, argv, &options);
	if (r != 0)
		return r;
	if (options.help) {
		options_help(&options);
		return EXIT_FINE;
	}
	say_quiet(options.quiet);
	switch (options.command) {
	case COMMAND_RUN:
		return command_run(&options);
	case COMMAND_PRODUCE:
		return command_produce(&options);
	case COMMAND_PLAN:
		return command_plan(&options);
	case COMMAND_FAULTS:
		fault_list();
		return EXIT_FINE;
	case COMMAND_VERSION:
		puts("heapring-pipeline " HEAPRING_RELEASE);
		return EXIT_FINE;
	default:
		options_help(&options);
		return EXIT_FINE;
	}
}

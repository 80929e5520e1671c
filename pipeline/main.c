/*
 * main - heapring-pipeline: choose the command, see that its answer arrived
 *
 * A standard descriptor that is closed at the start is given /dev/null first: the next
 * file or connection that is opened would get its number, and a summary would be
 * written to a broker. For reading only, so that writing to it still fails and is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/commands/command.h"
#include "pipeline/faults/fault.h"
#include "pipeline/limits/options.h"

static void open_standard_descriptors(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= STDERR_FILENO)
		;
	if (fd >= 0)
		close(fd);
}

static int command(struct options *options)
{
	switch (options->command) {
	case COMMAND_RUN:
		return command_run(options);
	case COMMAND_PRODUCE:
		return command_produce(options);
	case COMMAND_PLAN:
		return command_plan(options);
	case COMMAND_FAULTS:
		fault_list();
		return EXIT_FINE;
	case COMMAND_VERSION:
		puts("heapring-pipeline " HEAPRING_RELEASE);
		return EXIT_FINE;
	default:
		options_help(options);
		return EXIT_FINE;
	}
}

/* r, unless what was printed did not arrive. */
static int end_output(int r)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return r;
	say_error("standard output: cannot be written: %s; the run itself ended with "
		  "status %d",
		  strerror(errno != 0 ? errno : EIO), r);
	return r != EXIT_FINE ? r : EXIT_INPUT;
}

int main(int argc, char **argv)
{
	struct options options;
	int r;

	open_standard_descriptors();
	memory_tune();
	r = options_parse(argc, argv, &options);
	if (r != 0)
		return r;
	if (options.help)
		options.command = COMMAND_HELP;
	say_quiet(options.quiet);
	return end_output(command(&options));
}

/*
 * cmd_version - which heapring this is, and which files it reads
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>

#include <heapring/segment.h>

static int run(const struct command *command, int argc, char **argv)
{
	struct options options = { .command = command };
	int first, status;

	if (!options_ready(&options, argc, argv, &first, &status))
		return status;
	printf("heapring %s (segment format %u)\n", HEAPRING_RELEASE, HEAPRING_VERSION);
	return 0;
}

const struct command cmd_version = {
	.name = "version",
	.arguments = "",
	.summary = "Print the version, and the segment format it reads",
	.run = run,
};

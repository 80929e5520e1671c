/*
 * cmd_dump - keep the profile of a process as a file
 */
#include "analyzer/commands/commands.h"

#include <inttypes.h>
#include <stdio.h>

#include "analyzer/console/units.h"
#include "analyzer/segment/segment_copy.h"

static int dump(const char *name, const char *to, struct fault *fault)
{
	struct target target;
	uint64_t bytes = 0;
	int r = target_open(name, &target, fault);

	if (r < 0)
		return fault_print(fault);
	r = segment_copy(&target, to, &bytes, fault);
	target_close(&target);
	if (r < 0)
		return fault_print(fault);
	fprintf(stderr, "heapring: wrote %s, %s\n", to, units_bytes(bytes).text);
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	const char *to = NULL;
	const struct option_spec own[] = {
		{ "output", 'o', "FILE", "the dump to write", option_set_string, &to },
		{ NULL },
	};
	struct options options = { .command = command,
				   .tables = { own },
				   .arguments_min = 1,
				   .arguments_max = 1 };
	struct fault fault;
	int first, status;

	if (!options_ready(&options, argc, argv, &first, &status))
		return status;
	if (!to) {
		fault_set(&fault, FAULT_USAGE, -1, "dump: -o FILE is missing");
		return fault_print(&fault);
	}
	return dump(argv[first], to, &fault);
}

const struct command cmd_dump = {
	.name = "dump",
	.arguments = "TARGET -o FILE",
	.summary = "Save the profile of a process, running or ended, as a file",
	.help = "The file holds all that the views need but the symbols, which are found "
		"by\n"
		"build-id. It replaces FILE only when it is complete.",
	.run = run,
};

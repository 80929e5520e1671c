/*
 * cmd_guard - keep dumps of the moments before it goes wrong
 *
 * The work is in guard.h; here are the options and the exit status.
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/console/units.h"
#include "analyzer/guard/guard.h"

static bool set_seconds(void *to, const char *value)
{
	uint64_t ns;

	if (!units_parse_age(value, &ns) || ns < 10000000u)
		return false;
	*(double *)to = (double)ns / 1e9;
	return true;
}

static bool set_bytes(void *to, const char *value)
{
	return units_parse_bytes(value, to) && *(uint64_t *)to > 0;
}

static bool set_keep(void *to, const char *value)
{
	return option_set_count(to, value) && *(long *)to > 0 &&
	       *(long *)to <= GUARD_KEEP_MAX;
}

static int status_of(const struct guard *guard)
{
	if (guard->failure.status != FAULT_NONE)
		return guard->failure.status;
	return guard->events > 0 ? FAULT_VERDICT : 0;
}

static int guard(struct guard *guard, const char *name)
{
	struct fault fault;
	int status;

	if (target_open(name, &guard->target, &fault) < 0)
		return fault_print(&fault);
	if (!target_is_live(&guard->target)) {
		target_close(&guard->target);
		fault_set(&fault, FAULT_TARGET, -1,
			  "guard: %s is not a running process; `heapring audit` tells "
			  "why one ended",
			  name);
		return fault_print(&fault);
	}
	guard_watch(guard);
	status = status_of(guard);
	guard_files_done(&guard->files);
	target_close(&guard->target);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct guard wants = {
		.every_s = 0.25,
		.check_every_s = 10,
		.files = { .folder = ".", .keep = 8, .keep_bytes = 256ull << 20 },
		.after = { .most_s = 60 },
		.check = { .most_s = 10 },
	};
	const struct option_spec own[] = {
		{ "at", 0, "LEVEL,...",
		  "dump when so much is used: 85% of the limit, 2GiB resident (70%,85%)",
		  guard_levels_set, &wants.levels },
		{ "every", 0, "TIME", "how often to look (250ms)", set_seconds,
		  &wants.every_s },
		{ "output", 'o', "FOLDER", "where dumps go (.)", option_set_string,
		  &wants.files.folder },
		{ "keep", 0, "COUNT", "dumps to keep, the newest (8)", set_keep,
		  &wants.files.keep },
		{ "keep-bytes", 0, "BYTES", "and their size (256MiB)", set_bytes,
		  &wants.files.keep_bytes },
		{ "exec", 0, "CMD",
		  "run after each dump, with HEAPRING_DUMP, HEAPRING_PID and "
		  "HEAPRING_REASON",
		  option_set_string, &wants.after.line },
		{ "when-fails", 0, "CMD",
		  "a health check: dump when it begins to fail or takes over 10s",
		  option_set_string, &wants.check.line },
		{ "check-every", 0, "TIME", "how often to run the health check (10s)",
		  set_seconds, &wants.check_every_s },
		{ "for", 0, "TIME", "stop after that time (when the process ends)",
		  set_seconds, &wants.for_s },
		{ NULL },
	};
	struct options options = { .command = command,
				   .tables = { own },
				   .arguments_min = 1,
				   .arguments_max = 1 };
	int first, status;

	guard_levels_set(&wants.levels, "70%,85%");
	return options_ready(&options, argc, argv, &first, &status)
		       ? guard(&wants, argv[first])
		       : status;
}

const struct command cmd_guard = {
	.name = "guard",
	.arguments = "[OPTION...] PID",
	.summary = "Watch a process: dump it near its limit, unhealthy or killed",
	.help = "A percentage is of the control group's limit, without the page cache "
		"that the\n"
		"kernel would drop; where there is no limit, of the machine's memory. "
		"Each level\n"
		"counts again when use fell below 7/8 of it. Dumps are "
		"guard.<pid>.<number>.<why>.dump,\n"
		"the oldest of this guard's own go first. Ends with the process; a "
		"process that was\n"
		"killed is dumped once more. Exit status: 0 nothing happened, 1 "
		"something was\n"
		"dumped, 3 a dump could not be written, 4 the process is not profiled or "
		"ended.",
	.run = run,
};

/*
 * cmd_run - run a program under the profiler
 *
 * The profile is made by the shim in the program and lies in shared memory;
 * this command only starts the program, waits, and then reads what is there. So
 * killing `heapring run` loses nothing either.
 */
#include "analyzer/commands/commands.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/console/units.h"
#include "analyzer/guard/guard_level.h"
#include "analyzer/launch/elf_facts.h"
#include "analyzer/launch/launch.h"
#include "analyzer/launch/program_file.h"
#include "analyzer/launch/run_family.h"
#include "analyzer/launch/run_resident.h"
#include "analyzer/launch/run_summary.h"
#include "analyzer/launch/shim_path.h"
#include "analyzer/profile/profile.h"
#include "analyzer/segment/mode_request.h"
#include "analyzer/segment/segment_copy.h"

#define NOT_EXECUTABLE 126
#define NOT_FOUND 127

struct run {
	bool quiet, mappings;
	const char *rate, *interval, *snapshots, *depth, *budget, *dir, *follow, *only;
	const char *output;
};

static bool set_rate(void *to, const char *value)
{
	struct mode_request ignored;

	*(const char **)to = value;
	return mode_request_parse(value, &ignored);
}

/* The bounds are the shim's, which would tell them only when the program runs. */
static bool set_interval(void *to, const char *value)
{
	uint64_t ns;

	*(const char **)to = value;
	return units_parse_age(value, &ns) && ns >= 1000000 &&
	       ns <= 24ull * 3600 * 1000000000;
}

static bool set_budget(void *to, const char *value)
{
	uint64_t bytes;

	*(const char **)to = value;
	return units_parse_bytes(value, &bytes) && bytes >= 1ull << 20 &&
	       bytes <= 64ull << 30;
}

static bool set_depth(void *to, const char *value)
{
	char *end;
	unsigned long frames = strtoul(value, &end, 10);

	*(const char **)to = value;
	return isdigit((unsigned char)*value) && *end == '\0' && frames >= 1 &&
	       frames <= 512;
}

static bool set_follow(void *to, const char *value)
{
	static const char *const allowed[] = { "none", "fork", "exec", "all" };

	*(const char **)to = value;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (strcmp(value, allowed[i]) == 0)
			return true;
	return false;
}

static bool set_levels(void *to, const char *value)
{
	struct guard_levels levels;

	*(const char **)to = value;
	return guard_levels_set(&levels, value) && levels.count <= HR_SNAPSHOTS_MAX;
}

static int cannot_start(const char *program, int error)
{
	if (error == ENOENT)
		fprintf(stderr, "heapring: there is no program %s%s\n", program,
			strchr(program, '/') ? "" : " in PATH");
	else
		fprintf(stderr, "heapring: cannot run %s: %s\n", program,
			strerror(error));
	return error == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}

/* Does the program's segment hold any allocation? */
static bool saw_allocations(const char *path)
{
	struct profile *profile;
	struct target target;
	struct fault fault;
	bool any = true;

	if (target_open_segment(path, &target, &fault) < 0)
		return true; /* the summary will say what is wrong with it */
	if (profile_load(&target, &profile, &fault) == 0) {
		any = profile->total[PROFILE_ALLOC_OBJECTS] > 0 ||
		      profile->segment->header.mode != HR_MODE_EXACT;
		profile_free(profile);
	}
	target_close(&target);
	return any;
}

static int write_dump(const struct segment_name *segment, const char *to)
{
	struct target target;
	struct fault fault;
	uint64_t bytes;
	int r = target_open_segment(segment->path, &target, &fault);

	if (r == 0) {
		r = segment_copy(&target, to, &bytes, &fault);
		target_close(&target);
	}
	if (r < 0)
		fault_print(&fault);
	return r;
}

static bool write_dumps(const struct run *run, const struct run_family *family)
{
	bool own_written = false;
	char path[4096];

	for (size_t i = 0; i < family->count; i++) {
		bool own = i == 0 && family->has_program;

		if (own)
			snprintf(path, sizeof(path), "%s", run->output);
		else
			snprintf(path, sizeof(path), "%s.%u", run->output,
				 family->members[i].pid);
		if (write_dump(&family->members[i], path) == 0 && own)
			own_written = true;
	}
	return own_written;
}

static void report(const struct run *run, char **argv, const struct launch_result *result,
		   uint64_t resident)
{
	const char *dir = run->dir ? run->dir : segment_dir_path();
	struct run_family family;
	struct fault fault;
	bool dumped = false;

	if (run_family_find(dir, result, &family, &fault) < 0) {
		fault_print(&fault);
		return;
	}
	if (family.has_program)
		run_family_mark(&family.members[0], result, resident);
	if (run->output)
		dumped = write_dumps(run, &family);
	if (!family.has_program || !saw_allocations(family.members[0].path)) {
		/* whoever asked for a dump must learn why there is none */
		if (!run->quiet || (run->output && !dumped))
			run_summary_explain_nothing(argv[0],
						    family.count - family.has_program);
	} else if (!run->quiet) {
		run_summary_print(&family, dumped ? run->output : NULL, result);
		run_summary_explain_part(argv[0]);
	}
	run_family_done(&family);
}

/* Programs with a sanitizer end at once, or crash, when a library comes before it. */
static bool bears_shim(const char *program)
{
	struct program_file file;
	struct elf_facts facts;

	return program_file_find(program, &file) < 0 ||
	       elf_facts_read_needed(file.path, &facts) < 0 || !*facts.sanitizer;
}

/* Now, and not when the program has run for a day. */
static int check_output(const char *path, struct fault *fault)
{
	char folder[PATH_MAX];

	if (!path)
		return 0;
	snprintf(folder, sizeof(folder), "%s", path);
	if (access(dirname(folder), W_OK | X_OK) == 0)
		return 0;
	return fault_set(fault, FAULT_INPUT, -errno, "cannot write %s: %s", path,
			 strerror(errno));
}

static int run_program(const struct run *run, char **argv)
{
	const struct launch_variable set[] = {
		{ "HEAPRING_RATE", run->rate },
		{ "HEAPRING_INTERVAL", run->interval },
		{ "HEAPRING_SNAPSHOT_AT", run->snapshots },
		{ "HEAPRING_DEPTH", run->depth },
		{ "HEAPRING_BUDGET", run->budget },
		{ "HEAPRING_DIR", run->dir },
		{ "HEAPRING_FOLLOW", run->follow },
		{ "HEAPRING_ONLY", run->only },
		{ "HEAPRING_MMAP", run->mappings ? "1" : NULL },
		{ NULL, NULL },
	};
	struct run_resident resident;
	struct launch_result result;
	struct fault fault;
	char shim[4096];
	int r = shim_path_find(shim, sizeof(shim), &fault);

	if (r == 0)
		r = check_output(run->output, &fault);
	if (r < 0)
		return fault_print(&fault);
	run_resident_begin(&resident, run->dir ? run->dir : segment_dir_path());
	r = launch(argv, bears_shim(argv[0]) ? shim : NULL, set, run_resident_look,
		   &resident, &result);
	if (r < 0)
		return cannot_start(argv[0], -r);
	report(run, argv, &result, run_resident_now(&resident));
	return result.by_signal ? 128 + result.code : result.code;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct run run = { 0 };
	const struct option_spec own[] = {
		{ "output", 'o', "DUMP", "write a dump; children beside it as DUMP.<pid>",
		  option_set_string, &run.output },
		{ "quiet", 'q', NULL, "no summary at the end", option_set_true,
		  &run.quiet },
		{ "rate", 0, "exact|BYTES|off",
		  "count all, one per so many bytes, or none yet", set_rate, &run.rate },
		{ "interval", 0, "TIME", "time slice of the history, 1ms to 24h (1s)",
		  set_interval, &run.interval },
		{ "snapshot-at", 0, "LEVEL,...",
		  "keep the figures of moments: 70%,85% of the memory limit, 2GiB",
		  set_levels, &run.snapshots },
		{ "depth", 0, "FRAMES", "frames of a stack at most, 1 to 512 (128)",
		  set_depth, &run.depth },
		{ "budget", 0, "BYTES",
		  "memory for the profile at most, 1MiB to 64GiB (64MiB)", set_budget,
		  &run.budget },
		{ "dir", 0, "DIR", "where to keep the segment (/dev/shm)",
		  option_set_string, &run.dir },
		{ "follow", 0, "none|fork|exec|all", "which children to profile (all)",
		  set_follow, &run.follow },
		{ "mmap", 0, NULL,
		  "also record mmap() and its like, for --mmap of the views",
		  option_set_true, &run.mappings },
		{ "only", 0, "PATTERN", "only programs whose name matches",
		  option_set_string, &run.only },
		{ NULL },
	};
	struct options options = { .command = command,
				   .tables = { own },
				   .stop_at_argument = true,
				   .arguments_min = 1,
				   .arguments_max = -1 };
	int first, status;

	return options_ready(&options, argc, argv, &first, &status)
		       ? run_program(&run, argv + first)
		       : status;
}

const struct command cmd_run = {
	.name = "run",
	.arguments = "[OPTION...] [--] PROGRAM [ARG...]",
	.summary = "Run a program under the profiler",
	.help = "Exits as PROGRAM does, with 128 + N when signal N killed it; 127 when "
		"there is\n"
		"no such program, 126 when it cannot be executed, 4 when libheapring.so "
		"is\n"
		"missing. The profile stays readable by pid until `heapring clean`.",
	.run = run,
};

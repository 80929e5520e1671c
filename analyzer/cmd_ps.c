/*
 * cmd_ps - the profiled processes of this machine
 *
 * A segment that cannot be read (another user's, damaged, just being made) is
 * counted and mentioned in one line, because a list with an error in its middle
 * is of no use to anybody.
 */
#include "analyzer/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyzer/profile.h"
#include "analyzer/report.h"
#include "analyzer/table.h"

struct ps {
	bool json;
	bool live_only;
	struct table *table;
	json_t *rows;
	unsigned unreadable;
	struct fault why; /* of the last unreadable one */
};

static bool set_format(void *to, const char *value)
{
	*(bool *)to = strcmp(value, "json") == 0;
	return *(bool *)to || strcmp(value, "text") == 0;
}

static uint64_t age_ns(const struct heapring_header *header)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_REALTIME, &now);
	ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	return ns > header->start_unix_ns ? ns - header->start_unix_ns : 0;
}

static void add_text(struct ps *ps, const struct target *target,
		     const struct profile *profile)
{
	const struct heapring_header *header = &profile->segment->header;
	char name[HR_EXE], pid[16], state[64], mode[64];

	snprintf(pid, sizeof(pid), "%u", header->pid);
	report_state(header, target->life, state, sizeof(state));
	report_mode(header, mode, sizeof(mode));
	table_add(ps->table, pid);
	table_add(ps->table, state);
	table_add(ps->table, units_bytes(profile->total[PROFILE_INUSE_SPACE]).text);
	table_add(ps->table, units_bytes(profile->peak_space).text);
	table_add(ps->table, units_count(profile->total[PROFILE_ALLOC_OBJECTS]).text);
	table_add(ps->table, units_age(age_ns(header)).text);
	table_add(ps->table, mode);
	report_name(header, name, sizeof(name));
	table_add(ps->table, name);
	table_add(ps->table, target->path);
}

static void add_json(struct ps *ps, const struct target *target,
		     const struct profile *profile)
{
	const struct heapring_header *header = &profile->segment->header;
	json_t *row = json_pack(
		"{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:o}", "process",
		report_json_process(header, target->life), "mode",
		report_json_mode(header), "inuse_space",
		(json_int_t)profile->total[PROFILE_INUSE_SPACE], "inuse_objects",
		(json_int_t)profile->total[PROFILE_INUSE_OBJECTS], "alloc_space",
		(json_int_t)profile->total[PROFILE_ALLOC_SPACE], "alloc_objects",
		(json_int_t)profile->total[PROFILE_ALLOC_OBJECTS], "peak_space",
		(json_int_t)profile->peak_space, "age_s", (double)age_ns(header) / 1e9,
		"file", report_json_text(target->path));

	json_array_append_new(ps->rows, row);
}

static void add(struct ps *ps, const struct segment_name *name)
{
	struct profile *profile = NULL;
	struct target target;
	struct fault fault;

	if (target_open_segment(name->path, &target, &fault) < 0) {
		ps->unreadable++;
		ps->why = fault;
		return;
	}
	if (ps->live_only && target.life != SEGMENT_LIVE) {
		/* not asked for */
	} else if (profile_load(&target, &profile, &fault) < 0) {
		ps->unreadable++;
		ps->why = fault;
	} else if (ps->json) {
		add_json(ps, &target, profile);
	} else {
		add_text(ps, &target, profile);
	}
	profile_free(profile);
	target_close(&target);
}

static int print(struct ps *ps, size_t count)
{
	int status = 0;

	if (ps->json)
		status = report_json_print(json_pack("{s:s, s:s, s:O}", "schema",
						     "heapring/1", "view", "ps", "rows",
						     ps->rows));
	else if (count == 0)
		printf("no profiled process: %s holds no segment\n", segment_dir_path());
	else
		table_print(ps->table, stdout);
	if (ps->unreadable > 0)
		fprintf(stderr, "heapring: %u left out: %s\n", ps->unreadable,
			ps->why.text);
	return status;
}

static int list(struct ps *ps)
{
	static const char *const heading[] = { "PID",  "STATE",   "LIVE",
					       "PEAK", "ALLOCS",  "AGE",
					       "MODE", "PROGRAM", "FILE" };
	struct segment_name *names;
	struct fault fault;
	size_t count;
	int status;

	if (segment_dir_list(segment_dir_path(), &names, &count, &fault) < 0)
		return fault_print(&fault);
	ps->table = table_new("rlrrrrlll");
	ps->rows = json_array();
	for (size_t i = 0; ps->table && i < sizeof(heading) / sizeof(heading[0]); i++)
		table_add(ps->table, heading[i]);
	for (size_t i = 0; ps->table && i < count; i++)
		add(ps, &names[i]);
	status = print(ps, count);
	table_free(ps->table);
	json_decref(ps->rows);
	free(names);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct ps ps = { 0 };
	const struct option_spec own[] = {
		{ "format", 0, "text|json", "how to print", set_format, &ps.json },
		{ "live", 'l', NULL, "only processes that run", option_set_true,
		  &ps.live_only },
		{ NULL },
	};
	struct options options = { .command = command, .tables = { own } };
	struct fault fault;
	int first;

	if (options_parse(&options, argc, argv, &first, &fault) < 0)
		return fault_print(&fault);
	return options.help_given ? 0 : list(&ps);
}

const struct command cmd_ps = {
	.name = "ps",
	.arguments = "[OPTION...]",
	.summary = "List profiled processes: running, exited and killed ones",
	.help = "Reads the segments in $HEAPRING_DIR, or /dev/shm. A killed process "
		"keeps its\n"
		"segment, complete up to its last allocation, until `heapring clean`.",
	.run = run,
};

/*
 * cmd_ps - the profiled processes of this machine
 *
 * A segment that cannot be read (another user's, damaged, just being made) is
 * counted and mentioned in one line, because a list with an error in its middle
 * is of no use to anybody.
 *
 * As a tree the program's name comes last, so that a deep tree makes long lines and
 * not a broken table.
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/table.h"
#include "analyzer/machine/clock.h"
#include "analyzer/profile/profile.h"
#include "analyzer/profile/report.h"
#include "analyzer/segment/process_tree.h"

#define DRAWN_DEPTH 24u /* deeper generations are drawn at this depth */

struct process {
	char *path;
	uint32_t named; /* the pid in the file's name: what a TARGET is looked up by */
	enum segment_life life;
	struct heapring_header header;
	uint64_t total[PROFILE_SAMPLES];
	uint64_t peak_space;
	uint64_t inherited_objects, inherited_space; /* still held */
	struct profile_coverage coverage;
};

struct ps {
	bool json, live_only, tree;
	struct process *processes;
	struct process_node *nodes; /* of the process of the same number */
	size_t *order;              /* how they are listed */
	size_t count;
	unsigned unreadable;
	struct fault why; /* of the last unreadable one */
};

static uint64_t age_ns(const struct heapring_header *header)
{
	uint64_t ns = clock_unix_ns();

	return ns > header->start_unix_ns ? ns - header->start_unix_ns : 0;
}

static uint64_t less(uint64_t from, uint64_t by)
{
	return from > by ? from - by : 0;
}

/* What a forked child got from its parent, less what it freed of that. */
static void note_inherited(struct process *process, const struct segment *segment)
{
	uint64_t objects = 0, bytes = 0;

	for (uint32_t i = 0; i < segment->threads_count; i++) {
		objects += segment->threads[i].inherited_frees;
		bytes += segment->threads[i].inherited_bytes;
	}
	process->inherited_objects = less(process->header.inherited_objects, objects);
	process->inherited_space = less(process->header.inherited_bytes, bytes);
}

static int note(struct process *process, const struct target *target,
		const struct profile *profile)
{
	process->path = strdup(target->path);
	process->life = target->life;
	process->header = profile->segment->header;
	memcpy(process->total, profile->total, sizeof(process->total));
	process->peak_space = profile->peak_space;
	process->coverage = profile->coverage;
	note_inherited(process, profile->segment);
	return process->path ? 0 : -1;
}

static void read_one(struct ps *ps, const struct segment_name *name)
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
	} else if (note(&ps->processes[ps->count], &target, profile) == 0) {
		ps->processes[ps->count++].named = name->pid;
	}
	profile_free(profile);
	target_close(&target);
}

static void add_figures(struct table *table, const struct process *process)
{
	char pid[16], state[64];

	snprintf(pid, sizeof(pid), "%u", process->header.pid);
	report_state(&process->header, process->life, state, sizeof(state));
	table_add(table, pid);
	table_add(table, state);
	table_add(table, units_bytes(process->total[PROFILE_INUSE_SPACE]).text);
}

/* Of several images that a process had, its pid stands for the last one. */
static bool does_pid_name(const struct ps *ps, size_t number)
{
	const struct process *process = &ps->processes[number];

	return process->named == process->header.pid &&
	       (number + 1 == ps->count || process[1].named != process->named);
}

static bool needs_files(const struct ps *ps)
{
	for (size_t i = 0; i < ps->count; i++)
		if (!does_pid_name(ps, i))
			return true;
	return false;
}

static void add_row(struct table *table, const struct ps *ps, size_t number,
		    bool with_files)
{
	const struct process *process = &ps->processes[number];
	char name[HR_EXE], mode[64];

	add_figures(table, process);
	report_mode(&process->header, mode, sizeof(mode));
	table_add(table, units_bytes(process->peak_space).text);
	table_add(table, units_count(process->total[PROFILE_ALLOC_OBJECTS]).text);
	table_add(table, units_age(age_ns(&process->header)).text);
	table_add(table, mode);
	report_name(&process->header, name, sizeof(name));
	table_add(table, name);
	if (with_files)
		table_add(table, does_pid_name(ps, number) ? "" : process->path);
}

/* The branches of a node, drawn from its own end to the left. */
static void draw(const struct ps *ps, size_t number, char *text, size_t room)
{
	const char *parts[DRAWN_DEPTH];
	char name[HR_EXE];
	size_t drawn = 0;
	size_t at = number;
	size_t used = 0;

	while (ps->nodes[at].parent != PROCESS_TREE_NONE && drawn < DRAWN_DEPTH) {
		bool last = ps->nodes[at].last;

		parts[drawn++] =
			at == number ? (last ? "└─ " : "├─ ") : (last ? "   " : "│  ");
		at = ps->nodes[at].parent;
	}
	*text = '\0';
	while (drawn > 0 && used < room)
		used += (size_t)snprintf(text + used, room - used, "%s", parts[--drawn]);
	report_name(&ps->processes[number].header, name, sizeof(name));
	if (used < room)
		snprintf(text + used, room - used, "%s%s", name,
			 ps->nodes[number].descent == PROCESS_EXECED ? " (exec)" : "");
}

static void add_branch(struct table *table, const struct ps *ps, size_t number)
{
	const struct process *process = &ps->processes[number];
	char text[DRAWN_DEPTH * 6 + HR_EXE + 16];

	add_figures(table, process);
	table_add(table, ps->nodes[number].descent == PROCESS_FORKED
				 ? units_bytes(process->inherited_space).text
				 : "-");
	table_add(table, units_count(process->total[PROFILE_ALLOC_OBJECTS]).text);
	draw(ps, number, text, sizeof(text));
	table_add(table, text);
}

static json_t *parent_json(const struct ps *ps, size_t number)
{
	const struct process_node *node = &ps->nodes[number];
	const struct heapring_header *parent;

	if (node->parent == PROCESS_TREE_NONE)
		return json_null();
	parent = ps->nodes[node->parent].header;
	return json_pack("{s:I, s:I, s:s}", "pid", (json_int_t)parent->pid,
			 "start_unix_ns", (json_int_t)parent->start_unix_ns, "by",
			 process_descent_name(node->descent));
}

static json_t *row_json(const struct ps *ps, size_t number)
{
	const struct process *process = &ps->processes[number];
	json_t *row = json_pack(
		"{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:f, s:o}", "process",
		report_json_process(&process->header, process->life), "mode",
		report_json_mode(&process->header), "coverage",
		report_json_coverage(&process->coverage), "parent",
		parent_json(ps, number), "peak_space", (json_int_t)process->peak_space,
		"inherited_space", (json_int_t)process->inherited_space,
		"inherited_objects", (json_int_t)process->inherited_objects, "age_s",
		(double)age_ns(&process->header) / 1e9, "file",
		report_json_text(process->path));

	for (int s = 0; row && s < PROFILE_SAMPLES; s++)
		json_object_set_new(row, profile_sample_name((enum profile_sample)s),
				    json_integer((json_int_t)process->total[s]));
	return row;
}

static int print_json(const struct ps *ps)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < ps->count; i++)
		json_array_append_new(rows, row_json(ps, ps->order[i]));
	return report_json_print(json_pack("{s:s, s:s, s:o}", "schema", "heapring/1",
					   "view", "ps", "rows", rows));
}

static void print_text(const struct ps *ps)
{
	static const char *const list[] = { "PID", "STATE", "LIVE",    "PEAK", "ALLOCS",
					    "AGE", "MODE",  "PROGRAM", "FILE", NULL };
	static const char *const tree[] = { "PID",    "STATE",   "LIVE", "INHERITED",
					    "ALLOCS", "PROGRAM", NULL };
	const char *const *heading = ps->tree ? tree : list;
	bool with_files = !ps->tree && needs_files(ps);
	struct table *table = table_new(ps->tree     ? "rlrrrl"
					: with_files ? "rlrrrrlll"
						     : "rlrrrrll");

	if (!table)
		return;
	for (; *heading; heading++)
		if (with_files || strcmp(*heading, "FILE") != 0)
			table_add(table, *heading);
	for (size_t i = 0; i < ps->count; i++)
		if (ps->tree)
			add_branch(table, ps, ps->order[i]);
		else
			add_row(table, ps, ps->order[i], with_files);
	table_print(table, stdout);
	table_free(table);
}

/* By pid and time, as they were found, or as a walk through the tree. */
static int arrange(struct ps *ps)
{
	ps->nodes = calloc(ps->count + 1, sizeof(*ps->nodes));
	ps->order = calloc(ps->count + 1, sizeof(*ps->order));
	if (!ps->nodes || !ps->order)
		return -1;
	for (size_t i = 0; i < ps->count; i++)
		ps->nodes[i].header = &ps->processes[i].header;
	if (process_tree_link(ps->nodes, ps->count) < 0)
		return -1;
	for (size_t i = 0; i < ps->count; i++)
		ps->order[ps->tree ? ps->nodes[i].position : i] = i;
	return 0;
}

static int show(struct ps *ps, const struct segment_name *names, size_t count)
{
	struct fault fault;
	int status = 0;

	ps->processes = calloc(count + 1, sizeof(*ps->processes));
	for (size_t i = 0; ps->processes && i < count; i++)
		read_one(ps, &names[i]);
	if (!ps->processes || arrange(ps) < 0) {
		fault_set(&fault, FAULT_INPUT, -1, "out of memory for %zu segments",
			  count);
		return fault_print(&fault);
	}
	if (ps->json)
		status = print_json(ps);
	else if (count == 0)
		printf("no profiled process: %s holds no segment\n", segment_dir_path());
	else
		print_text(ps);
	if (ps->unreadable > 0)
		fprintf(stderr, "heapring: %u left out: %s\n", ps->unreadable,
			ps->why.text);
	return status;
}

static int list(struct ps *ps)
{
	struct segment_name *names;
	struct fault fault;
	size_t count;
	int status;

	if (segment_dir_list(segment_dir_path(), &names, &count, &fault) < 0)
		return fault_print(&fault);
	status = show(ps, names, count);
	for (size_t i = 0; i < ps->count; i++)
		free(ps->processes[i].path);
	free(ps->processes);
	free(ps->nodes);
	free(ps->order);
	free(names);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct ps ps = { 0 };
	const struct option_spec own[] = {
		{ "format", 0, "text|json", "how to print", option_set_json, &ps.json },
		{ "live", 'l', NULL, "only processes that run", option_set_true,
		  &ps.live_only },
		{ "tree", 't', NULL, "children under their parents", option_set_true,
		  &ps.tree },
		{ NULL },
	};
	struct options options = { .command = command, .tables = { own } };
	int first, status;

	return options_ready(&options, argc, argv, &first, &status) ? list(&ps) : status;
}

const struct command cmd_ps = {
	.name = "ps",
	.arguments = "[OPTION...]",
	.summary = "List profiled processes: running, exited and killed ones",
	.help = "Reads the segments in $HEAPRING_DIR, or /dev/shm. A killed process "
		"keeps its\n"
		"segment, complete up to its last allocation, until `heapring clean`. "
		"FILE names\n"
		"what a process was before an exec: its pid stands for what it is now.\n"
		"With --tree INHERITED is what a forked child still holds of its "
		"parent's "
		"blocks;\n"
		"it is no part of LIVE. `(exec)`: the process above, as another program.",
	.run = run,
};

/*
 * cmd_threads - where threads were created, and what they do
 *
 * Two lists. The first is in the segment, so it is there after the process's death too:
 * for every stack that created threads, how many were made, ended and live. The second is
 * what the kernel and the unwinder say of a live process: threads of equal state and
 * stack are one group, as in Go's goroutine profile.
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/name_fit.h"
#include "analyzer/console/pager.h"
#include "analyzer/console/table.h"
#include "analyzer/views/node_text.h"
#include "analyzer/views/thread_routine.h"
#include "analyzer/views/thread_tasks.h"
#include "analyzer/views/view_command.h"

#define CREATED_FRAMES 3u
#define TIDS_SHOWN 8u

struct group {
	size_t first; /* task */
	size_t count;
	double cpu_s;
};

struct threads {
	const struct view_target *target;
	const struct heapring_start **starts; /* those in use, the most alive first */
	size_t starts_count;
	bool live;
	struct thread_tasks tasks;
	size_t *order; /* tasks of one group behind one another */
	struct group *groups;
	size_t groups_count;
};

static uint64_t alive(const struct heapring_start *start)
{
	return start->created > start->ended ? start->created - start->ended : 0;
}

static int by_alive(const void *a, const void *b)
{
	const struct heapring_start *x = *(const struct heapring_start *const *)a;
	const struct heapring_start *y = *(const struct heapring_start *const *)b;

	if (alive(x) != alive(y))
		return alive(x) < alive(y) ? 1 : -1;
	return (x->created < y->created) - (x->created > y->created);
}

static int list_starts(struct threads *threads)
{
	const struct segment *segment = threads->target->profile->segment;

	threads->starts = calloc(segment->starts_count + 1, sizeof(*threads->starts));
	if (!threads->starts)
		return -ENOMEM;
	for (uint32_t i = 0; i < segment->starts_count; i++)
		if (segment->starts[i].node != 0 && segment->starts[i].created > 0)
			threads->starts[threads->starts_count++] = &segment->starts[i];
	qsort(threads->starts, threads->starts_count, sizeof(*threads->starts), by_alive);
	return 0;
}

/* What a task shows of itself must be equal for it to be in one group. */
static int compare_tasks(const struct task *x, const struct task *y)
{
	int order = strcmp(x->wchan, y->wchan);

	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	if (x->frames_count != y->frames_count)
		return x->frames_count < y->frames_count ? -1 : 1;
	for (size_t i = 0; i < x->frames_count; i++) {
		const struct task_frame *a = &x->frames[i], *b = &y->frames[i];
		int names = strcmp(a->function, b->function);

		if (names != 0)
			return names;
		if (a->line != b->line)
			return a->line < b->line ? -1 : 1;
	}
	return order;
}

static int by_stack(const void *a, const void *b, void *arg)
{
	const struct task *tasks = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = compare_tasks(&tasks[x], &tasks[y]);

	return order ? order : (x > y) - (x < y);
}

static int by_size(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

static int make_groups(struct threads *threads)
{
	const struct thread_tasks *tasks = &threads->tasks;

	threads->order = calloc(tasks->count + 1, sizeof(*threads->order));
	threads->groups = calloc(tasks->count + 1, sizeof(*threads->groups));
	if (!threads->order || !threads->groups)
		return -ENOMEM;
	for (size_t i = 0; i < tasks->count; i++)
		threads->order[i] = i;
	if (tasks->count > 0)
		qsort_r(threads->order, tasks->count, sizeof(*threads->order), by_stack,
			tasks->tasks);
	for (size_t i = 0; i < tasks->count; i++) {
		const struct task *task = &tasks->tasks[threads->order[i]];
		struct group *group = &threads->groups[threads->groups_count];

		if (i == 0 ||
		    compare_tasks(task, &tasks->tasks[threads->order[i - 1]]) != 0) {
			threads->groups_count++;
			*group = (struct group){ .first = i };
		} else {
			group--;
		}
		group->count++;
		group->cpu_s += task->cpu_s;
	}
	qsort(threads->groups, threads->groups_count, sizeof(*threads->groups), by_size);
	return 0;
}

static double seconds_after(const struct threads *threads, uint64_t mono_ns)
{
	uint64_t start = threads->target->profile->segment->header.start_mono_ns;

	return mono_ns > start ? (double)(mono_ns - start) / 1e9 : 0;
}

static const struct symbol *routine_of(const struct threads *threads,
				       const struct heapring_start *start)
{
	const struct view_target *target = threads->target;

	return thread_routine(target->profile, target->symbols,
			      (uint32_t)(start - target->profile->segment->starts));
}

static int print_starts(const struct threads *threads)
{
	static const char *const heading[] = { "alive", "created", "ended",
					       "last",  "runs",    "created by" };
	struct table *table = table_new("rrrrln");
	size_t columns = pager_columns();

	if (!table)
		return FAULT_INPUT;
	for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		table_add(table, heading[i]);
	for (size_t i = 0; i < threads->starts_count; i++) {
		const struct heapring_start *start = threads->starts[i];
		const struct symbol *routine = routine_of(threads, start);
		char text[4096];

		table_add(table, units_signed_count((int64_t)alive(start)).text);
		table_add(table, units_signed_count((int64_t)start->created).text);
		table_add(table, units_signed_count((int64_t)start->ended).text);
		snprintf(text, sizeof(text), "%.1fs",
			 seconds_after(threads, start->last_ns));
		table_add(table, text);
		name_fit(routine ? routine->function : "?",
			 columns > 0 ? columns / 3 : SIZE_MAX, text, sizeof(text));
		table_add(table, text);
		node_text(threads->target, start->node, CREATED_FRAMES, text,
			  sizeof(text));
		table_add(table, text);
	}
	table_print(table, stdout);
	table_free(table);
	return 0;
}

static const char *state_name(char state)
{
	switch (state) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "in disk sleep";
	case 'T':
	case 't':
		return "stopped";
	case 'Z':
	case 'X':
		return "dead";
	default:
		return "idle";
	}
}

/* Where a thread was created, by the slot that it has; 0: not known. */
static uint32_t start_of(const struct threads *threads, uint32_t tid)
{
	const struct segment *segment = threads->target->profile->segment;

	for (uint32_t i = 0; i < segment->threads_count; i++) {
		const struct heapring_thread *thread = &segment->threads[i];

		if (thread->used && thread->tid == tid && thread->start > 0 &&
		    thread->start <= segment->starts_count)
			return (uint32_t)thread->start;
	}
	return 0;
}

static void print_names(const struct threads *threads, const struct group *group)
{
	for (size_t i = 0; i < group->count && i < TIDS_SHOWN; i++) {
		const struct task *task =
			&threads->tasks.tasks[threads->order[group->first + i]];

		printf("%s%s %u", i ? ", " : "", task->name, task->tid);
	}
	printf("%s\n", group->count > TIDS_SHOWN ? ", ..." : "");
}

static struct place place_of(const struct task_frame *frame)
{
	return (struct place){ .function = frame->function,
			       .file = frame->file,
			       .module = frame->module,
			       .line = frame->line > 0 ? (uint32_t)frame->line : 0 };
}

static void print_group(const struct threads *threads, const struct group *group)
{
	const struct task *task = &threads->tasks.tasks[threads->order[group->first]];
	uint32_t start = start_of(threads, task->tid);
	char text[4096];

	printf("\n%zu thread%s %s", group->count, group->count == 1 ? "" : "s",
	       state_name(task->state));
	if (*task->wchan)
		printf(" in %s", task->wchan);
	printf(", %.2fs of CPU time: ", group->cpu_s);
	print_names(threads, group);
	for (size_t i = 0; i < task->frames_count; i++) {
		const struct task_frame *frame = &task->frames[i];
		struct place place = place_of(frame);

		view_place_text(&place, /*with_line=*/true, text, sizeof(text));
		view_print_frame(text, stdout);
	}
	if (start == 0)
		return;
	node_text(threads->target,
		  threads->target->profile->segment->starts[start - 1].node,
		  CREATED_FRAMES, text, sizeof(text));
	printf("        created by %s\n", text);
}

static int print_text(const struct threads *threads)
{
	uint64_t created = 0, living = 0;
	int status = 0;

	for (size_t i = 0; i < threads->starts_count; i++) {
		created += threads->starts[i]->created;
		living += alive(threads->starts[i]);
	}
	report_heading(threads->target->profile, stdout);
	printf("%s created with pthread_create, %llu %s\n",
	       units_signed_counted((int64_t)created, "thread").text,
	       (unsigned long long)living, threads->live ? "alive" : "alive at the end");
	if (threads->starts_count > 0)
		status = print_starts(threads);
	if (!threads->live)
		return status;
	printf("\n%s now, in %s of equal stacks\n",
	       units_signed_counted((int64_t)threads->tasks.count, "thread").text,
	       units_signed_counted((int64_t)threads->groups_count, "group").text);
	if (*threads->tasks.refused)
		printf("%s\n", threads->tasks.refused);
	for (size_t i = 0; i < threads->groups_count; i++)
		print_group(threads, &threads->groups[i]);
	return status;
}

static json_t *start_json(const struct threads *threads,
			  const struct heapring_start *start)
{
	const struct symbol *routine = routine_of(threads, start);
	struct place place = { 0 };

	if (routine)
		place = thread_routine_place(routine);
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:f, s:f}", "stack",
			 node_json(threads->target, start->node), "routine",
			 routine ? view_json_place(&place) : json_null(), "created",
			 (json_int_t)start->created, "ended", (json_int_t)start->ended,
			 "alive", (json_int_t)alive(start), "first_s",
			 seconds_after(threads, start->first_ns), "last_s",
			 seconds_after(threads, start->last_ns));
}

static json_t *task_json(const struct threads *threads, const struct task *task)
{
	const struct segment *segment = threads->target->profile->segment;
	uint32_t start = start_of(threads, task->tid);

	return json_pack(
		"{s:i, s:o, s:f, s:o}", "tid", (int)task->tid, "name",
		report_json_text(task->name), "cpu_s", task->cpu_s, "created_by",
		start ? node_json(threads->target, segment->starts[start - 1].node)
		      : json_null());
}

static json_t *group_json(const struct threads *threads, const struct group *group)
{
	const struct task *first = &threads->tasks.tasks[threads->order[group->first]];
	json_t *stack = json_array(), *list = json_array();
	char state[2] = { first->state, '\0' };

	for (size_t i = 0; i < first->frames_count; i++) {
		const struct task_frame *frame = &first->frames[i];
		struct place place = place_of(frame);

		json_array_append_new(stack, view_json_place(&place));
	}
	for (size_t i = 0; i < group->count; i++)
		json_array_append_new(
			list,
			task_json(
				threads,
				&threads->tasks.tasks[threads->order[group->first + i]]));
	return json_pack("{s:I, s:s, s:o, s:f, s:o, s:o}", "threads",
			 (json_int_t)group->count, "state", state, "wchan",
			 *first->wchan ? report_json_text(first->wchan) : json_null(),
			 "cpu_s", group->cpu_s, "stack", stack, "tasks", list);
}

static int print_json(const struct threads *threads)
{
	json_t *object = view_json(threads->target, "threads");
	json_t *starts = json_array(), *rows = json_array();

	for (size_t i = 0; i < threads->starts_count; i++)
		json_array_append_new(starts, start_json(threads, threads->starts[i]));
	for (size_t i = 0; i < threads->groups_count; i++)
		json_array_append_new(rows, group_json(threads, &threads->groups[i]));
	if (object) {
		json_object_set_new(object, "created", starts);
		json_object_set_new(
			object, "threads",
			threads->live ? json_integer((json_int_t)threads->tasks.count)
				      : json_null());
		json_object_set_new(object, "refused",
				    *threads->tasks.refused
					    ? report_json_text(threads->tasks.refused)
					    : json_null());
	}
	return view_json_print(object, rows);
}

static int load(struct threads *threads, struct fault *fault)
{
	const struct profile *profile = threads->target->profile;
	int r = list_starts(threads);

	/* a dump of a live process is of the past */
	threads->live =
		profile->life == SEGMENT_LIVE && profile->segment->header.kind == 0;
	if (r == 0 && threads->live)
		r = thread_tasks_read(profile->segment->header.pid, &threads->tasks,
				      fault);
	if (r == 0)
		r = make_groups(threads);
	return r == -ENOMEM ? fault_set(fault, FAULT_INPUT, r, "out of memory") : r;
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	struct threads threads = { .target = target };
	struct fault fault;
	int status;

	if (load(&threads, &fault) < 0)
		status = fault_print(&fault);
	else
		status = target->options->json ? print_json(&threads)
					       : print_text(&threads);
	thread_tasks_done(&threads.tasks);
	free(threads.starts);
	free(threads.order);
	free(threads.groups);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	static const char *const kept[] = { "format", NULL };
	struct view_options options;
	struct view_command view = { .command = command, .show = show };

	view_options_init(&options);
	view_options_keep(&options, kept);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_threads = {
	.name = "threads",
	.arguments = "[--format text|json] TARGET",
	.summary = "Where threads were created, and what they do now",
	.help = "Creating stacks with the threads they made: also after the process's "
		"death. Of a\n"
		"live one also its threads now, those of equal state and stack together; "
		"each is\n"
		"stopped for an instant to read its stack. Threads that were made with "
		"thrd_create\n"
		"or clone have no creating stack, and neither have those that never "
		"allocated.",
	.run = run,
};

#include "analyzer/serve/served.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *served_program(const struct heapring_header *header)
{
	const char *base = strrchr(header->exe, '/');

	return base ? base + 1 : *header->exe ? header->exe : "?";
}

static void add(struct served_list *list, struct target *target)
{
	struct served_process *last =
		list->count > 0 ? &list->processes[list->count - 1] : NULL;

	/* names are ordered by pid, the newest of one last */
	if (!last || last->header.pid != target->header.pid)
		last = &list->processes[list->count++];
	memcpy(last->path, target->path, sizeof(last->path));
	last->header = target->header;
	last->life = target->life;
	target_close(target);
}

/* A segment that cannot be read is not ours to serve. */
static void add_segments(struct served_list *list, const struct segment_name *names,
			 size_t count)
{
	struct target target;
	struct fault ignored;

	for (size_t i = 0; i < count; i++)
		if (target_open_segment(names[i].path, &target, &ignored) == 0)
			add(list, &target);
}

static void add_named(struct served_list *list, const struct served *served)
{
	struct target target;
	struct fault ignored;

	for (int i = 0; i < served->names_count; i++)
		if (target_open(served->names[i], &target, &ignored) == 0)
			add(list, &target);
}

int served_list(const struct served *served, struct served_list *ret_list,
		struct fault *fault)
{
	struct segment_name *names = NULL;
	struct served_list list = { 0 };
	size_t count = (size_t)served->names_count;
	int r = 0;

	if (served->names_count == 0)
		r = segment_dir_list(segment_dir_path(), &names, &count, fault);
	if (r < 0)
		return r;
	list.processes = calloc(count + 1, sizeof(*list.processes));
	if (!list.processes) {
		free(names);
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the list of processes");
	}
	if (served->names_count == 0)
		add_segments(&list, names, count);
	else
		add_named(&list, served);
	free(names);
	*ret_list = list;
	return 0;
}

void served_list_done(struct served_list *list)
{
	free(list->processes);
	list->processes = NULL;
}

/* "which process? ?pid= one of: 12 redis-server (live), 14 jq (killed)" */
static int ask_which(const struct served_list *list, int r, const char *why,
		     struct fault *fault)
{
	char choice[1000] = "";
	size_t at = 0;

	for (size_t i = 0; i < list->count && at < sizeof(choice) - 80; i++)
		at += (size_t)snprintf(choice + at, sizeof(choice) - at,
				       "%s%u %.40s (%s)", i ? ", " : "",
				       list->processes[i].header.pid,
				       served_program(&list->processes[i].header),
				       segment_life_name(list->processes[i].life));
	return fault_set(fault, FAULT_TARGET, r, "%s%s%s", why,
			 list->count > 0 ? "; ask with ?pid= for one of: "
					 : "; no process is profiled",
			 choice);
}

static int pick_only(const struct served_list *list,
		     const struct served_process **ret_process, struct fault *fault)
{
	size_t live = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->processes[i].life != SEGMENT_LIVE)
			continue;
		live++;
		*ret_process = &list->processes[i];
	}
	if (live == 1)
		return 0;
	if (list->count == 0)
		return ask_which(list, -ENOENT, "there is nothing to show", fault);
	if (list->count > 1)
		return ask_which(list, -EINVAL, "there are several processes", fault);
	*ret_process = list->processes;
	return 0;
}

int served_pick(const struct served_list *list, const char *pid,
		const struct served_process **ret_process, struct fault *fault)
{
	unsigned long wanted;
	char *end;

	if (!pid)
		return pick_only(list, ret_process, fault);
	errno = 0;
	wanted = strtoul(pid, &end, 10);
	if (end == pid || *end || errno)
		return ask_which(list, -EINVAL, "that is no pid", fault);
	for (size_t i = 0; i < list->count; i++) {
		if (list->processes[i].header.pid != wanted)
			continue;
		*ret_process = &list->processes[i];
		return 0;
	}
	return ask_which(list, -ENOENT, "that process is not served", fault);
}

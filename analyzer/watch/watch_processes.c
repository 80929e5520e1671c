#include "analyzer/watch/watch_processes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/machine/clock.h"
#include "analyzer/profile/profile.h"

static const struct watch_process *find(const struct watch_processes *processes,
					const struct heapring_header *header)
{
	for (size_t i = 0; i < processes->count; i++) {
		const struct heapring_header *other =
			&processes->processes[i].served.header;

		if (other->pid == header->pid &&
		    other->start_unix_ns == header->start_unix_ns)
			return &processes->processes[i];
	}
	return NULL;
}

static void read_figures(struct watch_process *process)
{
	uint64_t at = (uint64_t)clock_ms(), before = process->allocated;
	struct profile *profile;
	struct target target;
	struct fault ignored;

	if (target_open(process->served.path, &target, &ignored) < 0)
		return;
	if (profile_load(&target, &profile, &ignored) == 0) {
		process->live = (int64_t)profile->total[PROFILE_INUSE_SPACE];
		process->peak = (int64_t)profile->peak_space;
		process->count = profile->total[PROFILE_INUSE_OBJECTS];
		process->allocated = profile->total[PROFILE_ALLOC_SPACE];
		process->rate = 0;
		if (process->is_read && at > process->looked_ms)
			process->rate = (double)(process->allocated - before) * 1000 /
					(double)(at - process->looked_ms);
		process->looked_ms = at;
		process->is_read = true;
		watch_points_add(&process->points, at, process->live);
		profile_free(profile);
	}
	target_close(&target);
}

static void look_at(const struct watch_processes *before, struct watch_process *process,
		    const struct served_process *served)
{
	const struct watch_process *known = find(before, &served->header);

	if (known)
		*process = *known;
	process->served = *served;
	if (process->is_final)
		return;
	read_figures(process);
	process->is_final = served->life != SEGMENT_LIVE;
}

static int live_first(const void *a, const void *b)
{
	const struct watch_process *x = a, *y = b;
	bool x_lives = x->served.life == SEGMENT_LIVE;
	bool y_lives = y->served.life == SEGMENT_LIVE;

	if (x_lives != y_lives)
		return x_lives ? -1 : 1;
	if (x->live != y->live)
		return x->live < y->live ? 1 : -1;
	return (x->served.header.pid > y->served.header.pid) -
	       (x->served.header.pid < y->served.header.pid);
}

int watch_processes_look(struct watch_processes *processes, struct fault *fault)
{
	const struct served served = { 0 };
	struct watch_processes now = { 0 };
	struct served_list list;
	int r = served_list(&served, &list, fault);

	if (r < 0)
		return r;
	now.processes = calloc(list.count + 1, sizeof(*now.processes));
	for (size_t i = 0; now.processes && i < list.count; i++)
		look_at(processes, &now.processes[now.count++], &list.processes[i]);
	served_list_done(&list);
	if (!now.processes)
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the list of processes");
	qsort(now.processes, now.count, sizeof(*now.processes), live_first);
	watch_processes_done(processes);
	*processes = now;
	return 0;
}

void watch_processes_done(struct watch_processes *processes)
{
	free(processes->processes);
	memset(processes, 0, sizeof(*processes));
}

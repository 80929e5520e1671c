/*
 * triage_processes - the biggest processes, and the profiles there are
 *
 * All processes cost one small file each; what costs more (PSS, the group, the segment)
 * is read of those that are shown.
 */
#include "analyzer/triage/triage_processes.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/machine/clock.h"
#include "analyzer/machine/process_memory.h"
#include "analyzer/profile/report.h"

#define DAY_NS (86400ull * 1000000000u)
#define PROFILED_ROWS (TRIAGE_ROWS / 2)

struct seen {
	uint32_t pid;
	uint64_t rss;
	const struct target *profile; /* NULL: not profiled */
};

struct all {
	struct target *profiles; /* live ones */
	struct target *killed;
	size_t profiles_count, killed_count;
	struct seen *seen;
	size_t seen_count;
};

/* CLOCK_REALTIME of the last event; of a machine that was booted since it is a guess. */
static uint64_t ago_ns(const struct heapring_header *header)
{
	uint64_t last = header->start_unix_ns;
	uint64_t unix_ns = clock_unix_ns();

	if (header->active_ns > header->start_mono_ns)
		last += header->active_ns - header->start_mono_ns;
	return unix_ns > last ? unix_ns - last : 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	uint64_t x_ago = ago_ns(&x->header), y_ago = ago_ns(&y->header);

	return (x_ago > y_ago) - (x_ago < y_ago);
}

static int find_profiles(struct triage *triage, struct all *all, struct fault *fault)
{
	struct segment_name *names;
	struct target target;
	struct fault ignored;
	size_t count;

	if (segment_dir_list(segment_dir_path(), &names, &count, &triage->no_profiles) <
	    0)
		return 0;
	all->profiles = calloc(count + 1, sizeof(*all->profiles));
	all->killed = calloc(count + 1, sizeof(*all->killed));
	for (size_t i = 0; all->profiles && all->killed && i < count; i++) {
		if (target_open_segment(names[i].path, &target, &ignored) < 0) {
			triage->unreadable++;
			continue;
		}
		target_close(&target);
		if (target.life == SEGMENT_LIVE)
			all->profiles[all->profiles_count++] = target;
		else if (target.life == SEGMENT_KILLED && ago_ns(&target.header) < DAY_NS)
			all->killed[all->killed_count++] = target;
	}
	free(names);
	if (!all->profiles || !all->killed)
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for %zu segments", count);
	qsort(all->killed, all->killed_count, sizeof(*all->killed), newest_first);
	return 0;
}

static const struct target *profile_of(const struct all *all, uint32_t pid)
{
	for (size_t i = 0; i < all->profiles_count; i++)
		if (all->profiles[i].header.pid == pid)
			return &all->profiles[i];
	return NULL;
}

static int biggest_first(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return (x->rss < y->rss) - (x->rss > y->rss);
}

static int find_all(struct all *all, struct fault *fault)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int r = 0;

	if (!proc)
		return fault_set(fault, FAULT_INPUT, -errno, "cannot list /proc: %s",
				 strerror(errno));
	while (r == 0 && (entry = readdir(proc))) {
		struct seen *grown;
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
		uint64_t rss = pid ? process_resident(pid) : 0;

		if (rss == 0)
			continue; /* not a process, gone, or a kernel's thread */
		grown = realloc(all->seen, (all->seen_count + 1) * sizeof(*grown));
		if (!grown)
			r = fault_set(fault, FAULT_INPUT, -ENOMEM,
				      "out of memory for the list of processes");
		else
			all->seen = grown,
			all->seen[all->seen_count++] =
				(struct seen){ pid, rss, profile_of(all, pid) };
	}
	closedir(proc);
	if (all->seen_count > 0)
		qsort(all->seen, all->seen_count, sizeof(*all->seen), biggest_first);
	return r;
}

static void cut_name(const struct heapring_header *header, char *text, size_t room)
{
	char name[HR_EXE + 64];

	report_name(header, name, sizeof(name));
	snprintf(text, room, "%.*s", (int)room - 1, name);
}

static void read_comm(uint32_t pid, char *text, size_t room)
{
	char path[64];
	FILE *from;

	snprintf(text, room, "?");
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", pid);
	from = fopen(path, "re");
	if (from && fgets(text, (int)room, from))
		text[strcspn(text, "\n")] = '\0';
	if (from)
		fclose(from);
}

static struct triage_job *add_job(struct triage *triage, const struct target *target)
{
	struct triage_job *job = &triage->jobs[triage->jobs_count++];

	snprintf(job->path, sizeof(job->path), "%s", target->path);
	return job;
}

static uint64_t live_of(const struct heapring_header *header)
{
	return header->live_bytes > 0 ? (uint64_t)header->live_bytes : 0;
}

static void add_row(struct triage *triage, const struct seen *seen)
{
	struct triage_process *row = &triage->rows[triage->rows_count++];

	row->pid = seen->pid;
	row->rss = row->rss_before = seen->rss;
	control_group_read(seen->pid, &row->group);
	if (!seen->profile) {
		read_comm(seen->pid, row->program, sizeof(row->program));
		return;
	}
	row->is_profiled = true;
	row->is_dormant = seen->profile->header.mode == HR_MODE_DORMANT;
	row->live = live_of(&seen->profile->header);
	cut_name(&seen->profile->header, row->program, sizeof(row->program));
	row->job = add_job(triage, seen->profile);
}

/* The biggest, but for the places that profiled ones have. */
static void choose(struct triage *triage, const struct all *all)
{
	unsigned profiled = 0, others, kept = 0;

	for (size_t i = 0; i < all->seen_count; i++)
		profiled += all->seen[i].profile != NULL;
	if (profiled > PROFILED_ROWS)
		profiled = PROFILED_ROWS;
	others = TRIAGE_ROWS - profiled;
	for (size_t i = 0; i < all->seen_count && triage->rows_count < TRIAGE_ROWS; i++) {
		bool is_profiled = all->seen[i].profile != NULL;

		/* a profiled one that is big takes one of the others' places */
		if (is_profiled ? kept < profiled || others > 0 : others > 0) {
			others -= !is_profiled || kept >= profiled;
			kept += is_profiled;
			add_row(triage, &all->seen[i]);
		}
	}
}

static void add_killed(struct triage *triage, const struct all *all)
{
	for (size_t i = 0; i < all->killed_count; i++) {
		const struct heapring_header *header = &all->killed[i].header;
		struct triage_killed *killed;

		if (triage->killed_count == TRIAGE_KILLED) {
			triage->killed_more++;
			continue;
		}
		killed = &triage->killed[triage->killed_count++];
		killed->pid = header->pid;
		killed->ago_ns = ago_ns(header);
		killed->live = live_of(header);
		cut_name(header, killed->program, sizeof(killed->program));
		killed->job = add_job(triage, &all->killed[i]);
	}
}

int triage_processes_find(struct triage *triage, struct fault *fault)
{
	struct all all = { 0 };
	int r = find_profiles(triage, &all, fault);

	if (r == 0)
		r = find_all(&all, fault);
	if (r == 0) {
		choose(triage, &all);
		add_killed(triage, &all);
	}
	free(all.profiles);
	free(all.killed);
	free(all.seen);
	return r;
}

static bool read_pss(uint32_t pid, uint64_t *ret_bytes)
{
	char path[64], line[256];
	bool found = false;
	uint64_t kilobytes;
	FILE *from;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/smaps_rollup", pid);
	from = fopen(path, "re");
	while (from && !found && fgets(line, sizeof(line), from))
		found = sscanf(line, "Pss: %" SCNu64, &kilobytes) == 1;
	if (from)
		fclose(from);
	if (found)
		*ret_bytes = kilobytes << 10;
	return found;
}

static void drop_ended(struct triage *triage)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < triage->rows_count; i++)
		if (triage->rows[i].rss > 0)
			triage->rows[kept++] = triage->rows[i];
	triage->rows_count = kept;
}

void triage_processes_again(struct triage *triage, double deadline_s)
{
	for (unsigned i = 0; i < triage->rows_count; i++) {
		struct triage_process *row = &triage->rows[i];

		row->rss = process_resident(row->pid);
		if (clock_s() < deadline_s)
			row->has_pss = read_pss(row->pid, &row->pss);
	}
	drop_ended(triage);
}

/*
 * audit_surroundings - what the kernel and the program itself say beside the heap
 *
 * The limit is the tightest one up the tree of control groups.
 */
#include "analyzer/audit/audit_surroundings.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/machine/clock.h"
#include "analyzer/machine/control_group.h"
#include "analyzer/machine/heap_resident.h"

#define SAMPLES_PER_S 4.0

static FILE *open_proc(int pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

/* The name of the program may hold anything, blanks and brackets too. */
static bool read_stat(int pid, struct audit_sample *sample)
{
	FILE *from = open_proc(pid, "stat");
	uint64_t faults, user, system;
	char line[1024], *rest;
	uint32_t threads;
	size_t length;

	if (!from)
		return false;
	length = fread(line, 1, sizeof(line) - 1, from);
	fclose(from);
	line[length] = '\0';
	rest = strrchr(line, ')');
	if (!rest ||
	    sscanf(rest,
		   ") %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %*u %*u %" SCNu64
		   " %" SCNu64 " %*d %*d %*d %*d %" SCNu32,
		   &faults, &user, &system, &threads) != 4)
		return false;
	sample->faults = faults;
	sample->threads = threads;
	sample->cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	return true;
}

static void take_limit(struct audit_surroundings *around, uint64_t limit, uint64_t used,
		       bool is_cgroup)
{
	if (limit == 0 || limit > (1ull << 62) ||
	    (around->has_limit && limit >= around->limit_bytes))
		return;
	around->has_limit = true;
	around->limit_bytes = limit;
	around->used_bytes = used;
	around->is_cgroup_limit = is_cgroup;
}

static void read_machine(struct audit_surroundings *around)
{
	FILE *from = fopen("/proc/meminfo", "re");
	uint64_t total = 0, available = 0;
	char line[256];

	while (from && fgets(line, sizeof(line), from)) {
		sscanf(line, "MemTotal: %" SCNu64, &total);
		sscanf(line, "MemAvailable: %" SCNu64, &available);
	}
	if (from)
		fclose(from);
	if (total >= available)
		take_limit(around, total << 10, (total - available) << 10, false);
}

static void read_limits(int pid, struct audit_surroundings *around)
{
	struct control_group group;

	read_machine(around);
	control_group_read((uint32_t)pid, &group);
	if (group.has_use)
		take_limit(around, group.limit, control_group_used(&group), true);
}

/* False: the process is gone. */
static bool take_sample(const struct audit_surroundings_wants *wants, double start,
			struct audit_surroundings *around, size_t room)
{
	struct audit_sample sample = { .at_s = clock_s() - start };

	if (around->samples_count == room || !read_stat(wants->pid, &sample) ||
	    !heap_resident_read(wants->pid, wants->private_table, &sample.rss_bytes))
		return false;
	around->samples[around->samples_count++] = sample;
	return true;
}

static int watch(const struct audit_surroundings_wants *wants,
		 struct audit_surroundings *around)
{
	const struct timespec pause = { .tv_nsec = (long)(1e9 / SAMPLES_PER_S) };
	size_t room = (size_t)(wants->duration_s * SAMPLES_PER_S) + 2;
	double start = clock_s();
	bool alive;

	around->samples = calloc(room, sizeof(*around->samples));
	if (!around->samples)
		return -ENOMEM;
	alive = take_sample(wants, start, around, room - 1);
	while (alive && clock_s() - start + 1 / SAMPLES_PER_S <= wants->duration_s) {
		nanosleep(&pause, NULL);
		alive = take_sample(wants, start, around, room);
	}
	return 0;
}

int audit_surroundings_read(const struct audit_surroundings_wants *wants,
			    struct audit_surroundings *ret, struct fault *fault)
{
	struct audit_surroundings around = { 0 };
	int r = 0;

	if (wants->metrics_url)
		r = metrics_scrape(wants->metrics_url, &around.first, fault);
	if (r < 0)
		return r;
	if (wants->pid > 0 && watch(wants, &around) < 0)
		r = fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for pid %d",
			      wants->pid);
	if (r == 0 && wants->metrics_url) {
		around.has_metrics = true;
		/* the process may have ended meanwhile: then the first answer is the last
		 */
		if (metrics_scrape(wants->metrics_url, &around.last, fault) < 0) {
			around.last = around.first;
			around.first = (struct metrics){ 0 };
		}
	}
	if (r < 0) {
		audit_surroundings_done(&around);
		return r;
	}
	if (wants->pid > 0)
		read_limits(wants->pid, &around);
	*ret = around;
	return 0;
}

void audit_surroundings_done(struct audit_surroundings *around)
{
	free(around->samples);
	metrics_done(&around->first);
	metrics_done(&around->last);
	memset(around, 0, sizeof(*around));
}

/*
 * metrics - processes as time series, in Prometheus' text format
 *
 * The format wants all samples of a name together, so figures of all processes
 * are gathered first and then printed name by name. Of a process that ended only
 * heapring_up is left, as 0, and its last figures where Prometheus keeps them.
 */
#include "analyzer/serve/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "analyzer/machine/process_memory.h"
#include "analyzer/profile/report.h"
#include "analyzer/serve/metrics_rss.h"
#include "analyzer/serve/metrics_sites.h"

enum figure {
	FIGURE_LIVE_BYTES,
	FIGURE_LIVE_OBJECTS,
	FIGURE_ALLOCATED_BYTES,
	FIGURE_ALLOCATED_OBJECTS,
	FIGURE_PEAK,
	FIGURE_RESIDENT, /* from here on 0 is unknown */
	FIGURE_CGROUP_USE,
	FIGURE_CGROUP_LIMIT,
	FIGURE_RATE,
	FIGURES
};

struct site_row {
	char *labels; /* stack="..",function="..",caller=".." */
	int64_t live, allocated;
};

/* One process: what is remembered between two scrapes, and the present figures. */
struct process {
	UT_hash_handle hh;
	struct {
		uint64_t pid, start;
	} key;
	struct metrics_sites sites;
	struct metrics_rss rss;
	char labels[256]; /* pid="1",program="x" */
	bool is_seen, is_live, is_read;
	uint64_t figures[FIGURES];
	uint32_t mode;
	struct profile_coverage coverage;
	struct site_row *rows; /* as many as there is room for sites */
	unsigned rows_count;
};

struct metrics {
	unsigned sites;
	struct view_options options;
	struct process *processes;
};

struct metrics *metrics_new(unsigned sites)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	metrics->sites = sites;
	view_options_init(&metrics->options);
	return metrics;
}

static void drop(struct metrics *metrics, struct process *process)
{
	HASH_DEL(metrics->processes, process);
	metrics_sites_done(&process->sites);
	free(process->rows);
	free(process);
}

void metrics_free(struct metrics *metrics)
{
	struct process *process, *next;

	if (!metrics)
		return;
	HASH_ITER(hh, metrics->processes, process, next)
	drop(metrics, process);
	free(metrics);
}

/* A label's value: UTF-8, with backslash, quote and newline escaped. */
static void put_value(const char *text, FILE *to)
{
	json_t *clean = report_json_text(text);
	const char *c = clean ? json_string_value(clean) : "";

	for (; *c; c++) {
		if (*c == '\\' || *c == '"')
			putc('\\', to);
		if (*c == '\n')
			fputs("\\n", to);
		else
			putc(*c, to);
	}
	json_decref(clean);
}

static void make_labels(struct process *process, const struct heapring_header *header)
{
	char program[200];
	FILE *to = fmemopen(process->labels, sizeof(process->labels), "w");

	if (!to)
		return;
	/* escaping doubles it at most, and U+FFFD is three bytes */
	snprintf(program, sizeof(program), "%.60s", served_program(header));
	fprintf(to, "pid=\"%u\",program=\"", header->pid);
	put_value(program, to);
	putc('"', to);
	fclose(to);
}

static struct process *remember(struct metrics *metrics,
				const struct heapring_header *header)
{
	struct process *made = calloc(1, sizeof(*made)), *found;

	if (!made)
		return NULL;
	made->key.pid = header->pid;
	made->key.start = header->start_unix_ns;
	HASH_FIND(hh, metrics->processes, &made->key, sizeof(made->key), found);
	if (!found)
		made->rows = calloc(metrics->sites + 1, sizeof(*made->rows));
	if (found || !made->rows ||
	    metrics_sites_init(&made->sites, metrics->sites) < 0) {
		free(made->rows);
		free(made);
		return found;
	}
	make_labels(made, header);
	HASH_ADD(hh, metrics->processes, key, sizeof(made->key), made);
	return made;
}

static char *site_labels(const struct view_target *target,
			 const struct metrics_site *site)
{
	const uint32_t *places = stack_set_places(&target->set, site->entry);
	size_t length;
	char *text = NULL;
	FILE *to = open_memstream(&text, &length);

	if (!to)
		return NULL;
	fprintf(to, "stack=\"%016" PRIx64 "\",function=\"", site->key);
	put_value(place_table_get(target->places, places[0])->function, to);
	fputs("\",caller=\"", to);
	if (site->entry->count > 1)
		put_value(place_table_get(target->places, places[1])->function, to);
	putc('"', to);
	fclose(to);
	return text;
}

static void read_sites(struct process *process, const struct view_target *target)
{
	if (metrics_sites_choose(&process->sites, target) < 0)
		return;
	for (unsigned i = 0; i < process->sites.count; i++) {
		const struct metrics_site *site = &process->sites.sites[i];
		struct site_row *row = &process->rows[process->rows_count];

		if (!site->entry)
			continue;
		row->labels = site_labels(target, site);
		row->live = site->entry->value[PROFILE_INUSE_SPACE];
		row->allocated = site->entry->value[PROFILE_ALLOC_SPACE];
		process->rows_count += row->labels != NULL;
	}
}

static void read_figures(struct process *process, const struct view_target *target)
{
	const struct profile *profile = target->profile;
	uint64_t *figures = process->figures;
	struct process_memory memory;

	process_memory_read((uint32_t)process->key.pid, &memory);
	figures[FIGURE_LIVE_BYTES] = profile->total[PROFILE_INUSE_SPACE];
	figures[FIGURE_LIVE_OBJECTS] = profile->total[PROFILE_INUSE_OBJECTS];
	figures[FIGURE_ALLOCATED_BYTES] = profile->total[PROFILE_ALLOC_SPACE];
	figures[FIGURE_ALLOCATED_OBJECTS] = profile->total[PROFILE_ALLOC_OBJECTS];
	figures[FIGURE_PEAK] = profile->peak_space;
	figures[FIGURE_RESIDENT] = memory.resident;
	figures[FIGURE_CGROUP_USE] = memory.cgroup_use;
	figures[FIGURE_CGROUP_LIMIT] = memory.cgroup_limit;
	figures[FIGURE_RATE] = profile->segment->header.rate;
	process->mode = profile->segment->header.mode;
	process->coverage = profile->coverage;
}

static void gather(struct metrics *metrics, const struct served_process *served)
{
	struct process *process = remember(metrics, &served->header);
	struct view_target target;
	struct fault ignored;

	if (!process)
		return;
	process->is_seen = true;
	process->is_live = served->life == SEGMENT_LIVE;
	process->is_read =
		process->is_live &&
		view_target_load(served->path, &metrics->options, &target, &ignored) == 0;
	if (!process->is_read)
		return;
	read_figures(process, &target);
	metrics_rss_read(&process->rss, target.profile);
	read_sites(process, &target);
	view_target_done(&target);
}

/* Processes that were not there this time will not be again. */
static void end_scrape(struct metrics *metrics)
{
	struct process *process, *next;

	HASH_ITER(hh, metrics->processes, process, next)
	{
		for (unsigned i = 0; i < process->rows_count; i++)
			free(process->rows[i].labels);
		process->rows_count = 0;
		if (!process->is_seen)
			drop(metrics, process);
		else
			process->is_seen = process->is_read = false;
	}
}

static void put_family(const char *name, const char *type, const char *help, FILE *to)
{
	fprintf(to, "# HELP heapring_%s %s\n# TYPE heapring_%s %s\n", name, help, name,
		type);
}

static void put_figures(const struct metrics *metrics, FILE *to)
{
	static const struct {
		const char *name, *type, *help;
	} families[FIGURES] = {
		{ "live_bytes", "gauge", "Bytes allocated and not freed." },
		{ "live_objects", "gauge", "Blocks allocated and not freed." },
		{ "allocated_bytes_total", "counter",
		  "Bytes allocated since profiling began." },
		{ "allocated_objects_total", "counter",
		  "Blocks allocated since profiling began." },
		{ "peak_live_bytes", "gauge", "Highest live bytes so far." },
		{ "resident_bytes", "gauge", "Resident memory of the process (RSS)." },
		{ "cgroup_memory_bytes", "gauge",
		  "Memory use of the cgroup whose limit comes first." },
		{ "cgroup_memory_limit_bytes", "gauge",
		  "That limit; absent without one." },
		{ "sampling_rate_bytes", "gauge",
		  "Mean bytes between two samples; 1 when every allocation counts." },
	};

	for (int figure = 0; figure < FIGURES; figure++) {
		const struct process *process;

		put_family(families[figure].name, families[figure].type,
			   families[figure].help, to);
		for (process = metrics->processes; process; process = process->hh.next)
			if (process->is_read &&
			    (process->figures[figure] > 0 || figure < FIGURE_RESIDENT))
				fprintf(to, "heapring_%s{%s} %" PRIu64 "\n",
					families[figure].name, process->labels,
					process->figures[figure]);
	}
}

static void put_rss(const struct metrics *metrics, FILE *to)
{
	const struct process *process;

	put_family("rss_bytes", "gauge",
		   "Resident memory by what it is, as `heapring rss` tells it.", to);
	for (process = metrics->processes; process; process = process->hh.next)
		if (process->is_read)
			metrics_rss_put(&process->rss, process->labels, to);
}

static void put_up(const struct metrics *metrics, FILE *to)
{
	const struct process *process;

	put_family("up", "gauge", "1 while the process runs, 0 once it ended.", to);
	for (process = metrics->processes; process; process = process->hh.next)
		if (process->is_seen)
			fprintf(to, "heapring_up{%s} %d\n", process->labels,
				process->is_live);
	put_family("start_time_seconds", "gauge", "Unix time when profiling began.", to);
	for (process = metrics->processes; process; process = process->hh.next)
		if (process->is_read)
			fprintf(to, "heapring_start_time_seconds{%s} %.3f\n",
				process->labels, (double)process->key.start / 1e9);
}

static void put_modes(const struct metrics *metrics, FILE *to)
{
	static const char *const modes[] = { "exact", "sampled", "dormant" };
	const struct process *process;

	put_family("mode", "gauge", "1 for the mode the profiler is in.", to);
	for (process = metrics->processes; process; process = process->hh.next)
		for (unsigned mode = 0; process->is_read && mode < 3; mode++)
			fprintf(to, "heapring_mode{%s,mode=\"%s\"} %d\n", process->labels,
				modes[mode], process->mode == mode);
}

static void put_losses_of(const struct process *process, FILE *to)
{
	const struct profile_coverage *coverage = &process->coverage;
	const struct {
		const char *kind;
		uint64_t count;
	} losses[] = { { "truncated", coverage->truncated },
		       { "overflow", coverage->overflow },
		       { "missed_frees", coverage->missed_frees },
		       { "untracked_frees", coverage->untracked_frees },
		       { "bypassed", coverage->bypassed },
		       { "dropped", coverage->dropped } };

	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		fprintf(to, "heapring_losses_total{%s,kind=\"%s\"} %" PRIu64 "\n",
			process->labels, losses[i].kind, losses[i].count);
}

static void put_losses(const struct metrics *metrics, FILE *to)
{
	const struct process *process;

	put_family("losses_total", "counter",
		   "What the figures do not cover, in allocations or frees.", to);
	for (process = metrics->processes; process; process = process->hh.next)
		if (process->is_read)
			put_losses_of(process, to);
	put_family("stacks_complete_ratio", "gauge",
		   "Share of allocations whose stack is complete.", to);
	for (process = metrics->processes; process; process = process->hh.next)
		if (process->is_read)
			fprintf(to, "heapring_stacks_complete_ratio{%s} %.6f\n",
				process->labels,
				process->coverage.stacks_complete_pct / 100);
}

static void put_live_of(const struct process *process, FILE *to)
{
	int64_t other = (int64_t)process->figures[FIGURE_LIVE_BYTES];

	for (unsigned i = 0; i < process->rows_count; i++) {
		fprintf(to, "heapring_site_live_bytes{%s,%s} %" PRId64 "\n",
			process->labels, process->rows[i].labels, process->rows[i].live);
		other -= process->rows[i].live;
	}
	fprintf(to,
		"heapring_site_live_bytes{%s,stack=\"\",function=\"[other]\",caller=\"\"}"
		" "
		"%" PRId64 "\n",
		process->labels, other);
}

static void put_sites(const struct metrics *metrics, FILE *to)
{
	const struct process *process;

	put_family("site_live_bytes", "gauge",
		   "Live bytes of the largest call stacks; the rest is [other].", to);
	for (process = metrics->processes; process; process = process->hh.next)
		if (process->is_read)
			put_live_of(process, to);
	put_family("site_allocated_bytes_total", "counter",
		   "Bytes allocated by the same call stacks.", to);
	for (process = metrics->processes; process; process = process->hh.next)
		for (unsigned i = 0; process->is_read && i < process->rows_count; i++)
			fprintf(to,
				"heapring_site_allocated_bytes_total{%s,%s} %" PRId64
				"\n",
				process->labels, process->rows[i].labels,
				process->rows[i].allocated);
}

void metrics_write(struct metrics *metrics, const struct served_list *list,
		   struct symbol_cache *cache, FILE *to)
{
	size_t gathered = 0;

	metrics->options.cache = cache;
	for (int live = 1; live >= 0; live--)
		for (size_t i = 0; i < list->count; i++) {
			if ((list->processes[i].life == SEGMENT_LIVE) != live)
				continue;
			if (gathered++ < METRICS_PROCESSES_MAX)
				gather(metrics, &list->processes[i]);
		}
	put_up(metrics, to);
	put_figures(metrics, to);
	put_rss(metrics, to);
	put_modes(metrics, to);
	put_losses(metrics, to);
	put_sites(metrics, to);
	put_family("processes_left_out", "gauge",
		   "Profiled processes that are too many to be shown.", to);
	fprintf(to, "heapring_processes_left_out %zu\n",
		gathered > METRICS_PROCESSES_MAX ? gathered - METRICS_PROCESSES_MAX : 0);
	end_scrape(metrics);
}

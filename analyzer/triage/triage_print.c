/*
 * triage_print - the first minute on one screen of 80 columns and 24 lines
 *
 * A line says what is not known and why, rather than to be left out: on call, a missing
 * line looks like good news.
 */
#include "analyzer/triage/triage_print.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/console/table.h"
#include "analyzer/console/units.h"

#define COLUMNS 80
#define FOUND_MAX 4u

/* A line, cut at the width of the screen; names may hold anything. */
__attribute__((format(printf, 2, 3))) static void line(FILE *to, const char *format, ...)
{
	char text[512];
	va_list args;
	int columns = 0;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c; c++) {
		columns += (*c & 0xc0) != 0x80;
		if (columns > COLUMNS)
			*c-- = '\0', columns = 0;
		else if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	}
	fprintf(to, "%s\n", text);
}

static struct units_text seconds(double s)
{
	return units_age((uint64_t)(fmin(s, 1e9) * 1e9));
}

/* ", full in 3m20s", or nothing. */
static struct units_text full_in(double eta_s)
{
	struct units_text out = { "" };

	if (eta_s >= 0 && eta_s < 7 * 86400.0)
		snprintf(out.text, sizeof(out.text), ", full in %.12s",
			 seconds(eta_s).text);
	return out;
}

static void print_host(FILE *to)
{
	double load[3] = { 0, 0, 0 };
	char host[64] = "?", clock[16];
	struct timespec up;
	time_t now = time(NULL);
	struct tm tm;

	gethostname(host, sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	clock_gettime(CLOCK_BOOTTIME, &up);
	getloadavg(load, 3);
	line(to, "%-9s %s, up %s, load %.2f %.2f %.2f on %ld CPUs", host, clock,
	     seconds((double)up.tv_sec).text, load[0], load[1], load[2],
	     sysconf(_SC_NPROCESSORS_ONLN));
}

static void print_machine(const struct triage *triage, FILE *to)
{
	const struct machine_memory *now = &triage->now;
	char swap[64] = "no swap";

	if (now->total == 0) {
		line(to, "memory    not told: /proc/meminfo cannot be read");
		return;
	}
	if (now->swap_total > 0)
		snprintf(swap, sizeof(swap), "swap %s of %s used",
			 units_bytes(now->swap_total - now->swap_free).text,
			 units_bytes(now->swap_total).text);
	line(to, "memory    %s of %s available (%s), %s%s",
	     units_bytes(now->available).text, units_bytes(now->total).text,
	     units_percent((double)now->available, (double)now->total).text, swap,
	     full_in(triage_eta(triage, now->total - triage->before.available,
				now->total - now->available, now->total))
		     .text);
}

static void print_pressure(const struct triage *triage, FILE *to)
{
	const struct memory_pressure *p = &triage->now.pressure;

	if (!triage->now.has_pressure)
		line(to, "pressure  not told: this kernel has no /proc/pressure");
	else
		line(to,
		     "pressure  some task waits %.2f%% of the time, all tasks %.2f%% "
		     "(60s: %.2f%%, %.2f%%)",
		     p->some_10s, p->full_10s, p->some_60s, p->full_60s);
}

/* The end of a long name says more than its beginning. */
static const char *tail(const char *name, size_t most)
{
	size_t length = strlen(name);
	const char *cut = length > most ? name + length - most : name;
	const char *part = strchr(cut, '/');

	return cut > name && part && part[1] ? part + 1 : cut;
}

/* Above memory.high the kernel slows a group down instead of killing: it looks hung. */
static struct units_text held_back(const struct control_group *group)
{
	struct units_text text = { "" };

	if (group->high > 0 && group->held_back > 0)
		snprintf(text.text, sizeof(text.text), ", slowed above %.8s",
			 units_bytes(group->high).text);
	return text;
}

static void print_groups(const struct triage *triage, FILE *to)
{
	if (triage->groups_count == 0)
		line(to, "group     %s",
		     triage->has_groups
			     ? "none of these processes has a limit"
			     : "not told: no control groups of memory are mounted here");
	for (unsigned i = 0; i < triage->groups_count; i++) {
		const struct triage_group *group = &triage->groups[i];
		uint64_t before = control_group_used(&group->before);
		uint64_t now = control_group_used(&group->now);

		line(to, "group     %s of %s used (%s)%s%s; %s", units_bytes(now).text,
		     units_bytes(group->now.limit).text,
		     units_percent((double)now, (double)group->now.limit).text,
		     full_in(triage_eta(triage, before, now, group->now.limit)).text,
		     held_back(&group->now).text, tail(group->now.name, 28));
	}
}

static void print_kills(const struct triage *triage, FILE *to)
{
	const struct oom_kill *last = &triage->log.kill[0];
	char count[96] = "not counted by this kernel";
	uint64_t in_group = triage->groups_count ? triage->groups[0].now.kills : 0;

	if (triage->now.has_kills)
		snprintf(count, sizeof(count), "%s since boot",
			 units_count(triage->now.kills).text);
	if (in_group > 0)
		snprintf(count + strlen(count), sizeof(count) - strlen(count),
			 ", %s in this group", units_count(in_group).text);
	if (!triage->has_log)
		line(to, "OOM kills %s; the kernel's log may not be read", count);
	else if (triage->log.count == 0)
		line(to, "OOM kills %s; none in the kernel's log", count);
	else
		line(to, "OOM kills %s; %s ago: %s (%u), %s", count,
		     units_age(last->ago_ns).text, last->program, last->pid,
		     units_bytes(last->resident).text);
}

static struct units_text rate_of(const struct triage *triage,
				 const struct triage_process *row)
{
	double rate = ((double)row->rss - (double)row->rss_before) / triage->window_s;
	struct units_text out = { "0" };

	if (fabs(rate) >= 4096)
		snprintf(out.text, sizeof(out.text), "%c%.20s", rate < 0 ? '-' : '+',
			 units_bytes((uint64_t)fabs(rate)).text);
	return out;
}

static const char *verdict_text(const struct triage_job *job)
{
	if (!job)
		return "not profiled";
	if (job->verdict.answer == TRIAGE_LATE)
		return "not in time";
	return job->verdict.answer == TRIAGE_KNOWN
		       ? audit_verdict_name(job->verdict.verdict)
		       : "unreadable";
}

static void add_verdict(struct table *table, const struct triage_job *job)
{
	char text[64];

	if (job && job->verdict.answer == TRIAGE_KNOWN)
		snprintf(text, sizeof(text), "%s %.2f", verdict_text(job),
			 job->verdict.confidence);
	else
		snprintf(text, sizeof(text), "%s", verdict_text(job));
	table_add(table, text);
}

static void print_rows(const struct triage *triage, FILE *to)
{
	static const char *const heading[] = { "PID",  "RSS",     "PSS",    "RSS/S",
					       "LIVE", "PROGRAM", "VERDICT" };
	struct table *table = table_new("rrrrrll");

	if (!table)
		return;
	for (unsigned i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		table_add(table, heading[i]);
	for (unsigned i = 0; i < triage->rows_count; i++) {
		const struct triage_process *row = &triage->rows[i];
		char text[24];

		snprintf(text, sizeof(text), "%u", row->pid);
		table_add(table, text);
		table_add(table, units_bytes(row->rss).text);
		table_add(table, row->has_pss ? units_bytes(row->pss).text : "-");
		table_add(table, rate_of(triage, row).text);
		table_add(table, row->is_profiled ? units_bytes(row->live).text : "-");
		snprintf(text, sizeof(text), "%.14s", row->program);
		table_add(table, text);
		add_verdict(table, row->job);
	}
	table_print(table, to);
	table_free(table);
}

static struct units_text growth_of(const struct triage_verdict *v)
{
	struct units_text out;

	if (v->verdict == AUDIT_THREAD_LEAK)
		snprintf(out.text, sizeof(out.text), "%.2g threads/s", v->threads_per_s);
	else
		snprintf(out.text, sizeof(out.text), "%.12s/s",
			 units_bytes((uint64_t)fmax(0, v->rate_bytes_per_s)).text);
	return out;
}

/* What grows, where and for how long: the reason to be awake. */
static unsigned print_growth(const struct triage *triage, FILE *to)
{
	unsigned lines = 0;

	for (unsigned i = 0; i < triage->rows_count && lines < 2; i++) {
		const struct triage_process *row = &triage->rows[i];
		const struct triage_verdict *v = row->job ? &row->job->verdict : NULL;

		if (!v || v->answer != TRIAGE_KNOWN || !*v->culprit ||
		    (v->verdict != AUDIT_LEAK && v->verdict != AUDIT_THREAD_LEAK))
			continue;
		line(to, "%u %s: %s in %s%s", row->pid, audit_verdict_name(v->verdict),
		     growth_of(v).text, v->culprit, full_in(v->eta_to_limit_s).text);
		lines++;
	}
	return lines;
}

static void print_killed(const struct triage *triage, unsigned most, FILE *to)
{
	for (unsigned i = 0; i < triage->killed_count && i < most; i++) {
		const struct triage_killed *killed = &triage->killed[i];
		const struct triage_verdict *v = &killed->job->verdict;
		bool has_culprit = v->answer == TRIAGE_KNOWN && *v->culprit;

		line(to, "%u %s, killed %s ago with %s in use: %s%s%s", killed->pid,
		     killed->program, units_age(killed->ago_ns).text,
		     units_bytes(killed->live).text, verdict_text(killed->job),
		     has_culprit ? " in " : "", has_culprit ? v->culprit : "");
	}
	if (triage->killed_more > 0)
		line(to, "%u more were killed today: heapring ps", triage->killed_more);
}

void triage_print_text(const struct triage *triage, FILE *to)
{
	unsigned lines;

	print_host(to);
	print_machine(triage, to);
	print_pressure(triage, to);
	print_groups(triage, to);
	print_kills(triage, to);
	fputc('\n', to);
	print_rows(triage, to);
	fputc('\n', to);
	lines = print_growth(triage, to);
	print_killed(triage, FOUND_MAX - 1 - lines, to);
	for (unsigned i = 0; i < triage->next_count; i++)
		line(to, "%s%s", i == 0 ? "next: " : "      ", triage->next[i]);
}

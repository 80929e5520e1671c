/*
 * triage - the first minute: is memory short here, whose is it, what to do next
 *
 * Two looks, a second apart, tell how fast memory goes; in between the audits run.
 */
#include "analyzer/triage/triage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/machine/clock.h"
#include "analyzer/triage/triage_processes.h"

#define AUDITS_S 1.5 /* after that what is not known stays unknown */
#define PSS_S 1.7
#define NOISE_BYTES (1u << 20)

double triage_eta(const struct triage *triage, uint64_t before, uint64_t now,
		  uint64_t end)
{
	double rise = (double)now - (double)before;

	if (now <= before || end == 0 || rise < NOISE_BYTES || rise < (double)end * 1e-4)
		return -1;
	return now >= end ? 0 : (double)(end - now) / rise * triage->window_s;
}

static double fullness(const struct control_group *group)
{
	return group->limit ? (double)control_group_used(group) / (double)group->limit
			    : 0;
}

/* Keeps the fullest groups, each once; one without a limit when there is no other. */
static void take_group(struct triage *triage, const struct control_group *group)
{
	unsigned at = 0;

	triage->has_groups |= group->has_use;
	if (group->limit == 0)
		return;
	for (unsigned i = 0; i < triage->groups_count; i++)
		if (strcmp(triage->groups[i].before.folder, group->folder) == 0)
			return;
	while (at < triage->groups_count &&
	       fullness(&triage->groups[at].before) >= fullness(group))
		at++;
	if (at == TRIAGE_GROUPS)
		return;
	if (triage->groups_count < TRIAGE_GROUPS)
		triage->groups_count++;
	memmove(&triage->groups[at + 1], &triage->groups[at],
		(triage->groups_count - 1 - at) * sizeof(triage->groups[0]));
	triage->groups[at].before = *group;
}

static void find_groups(struct triage *triage)
{
	struct control_group own;

	for (unsigned i = 0; i < triage->rows_count; i++)
		take_group(triage, &triage->rows[i].group);
	control_group_read((uint32_t)getpid(), &own);
	take_group(triage, &own);
}

static void look_again(struct triage *triage)
{
	machine_memory_read(&triage->now);
	for (unsigned i = 0; i < triage->groups_count; i++) {
		struct triage_group *group = &triage->groups[i];

		group->now = group->before;
		control_group_refresh(&group->now);
	}
}

static int biggest_first(const void *a, const void *b)
{
	const struct triage_process *x = a, *y = b;

	return (x->rss < y->rss) - (x->rss > y->rss);
}

static void wait_for_verdicts(struct triage *triage, double until_s)
{
	double left;

	while ((left = until_s - clock_s()) > 0)
		triage_verdicts_poll(triage->jobs, triage->jobs_count,
				     (int)(left * 1000) + 1);
}

/* What was counted exactly replaces what the header says, which lags behind. */
static void take_exact_figures(struct triage *triage)
{
	for (unsigned i = 0; i < triage->rows_count; i++) {
		struct triage_process *row = &triage->rows[i];

		if (row->job && row->job->verdict.answer == TRIAGE_KNOWN)
			row->live = row->job->verdict.live_bytes;
	}
	for (unsigned i = 0; i < triage->killed_count; i++) {
		struct triage_killed *killed = &triage->killed[i];

		if (killed->job->verdict.answer == TRIAGE_KNOWN)
			killed->live = killed->job->verdict.live_bytes;
	}
}

static bool is_open(const struct triage *triage)
{
	for (unsigned i = 0; i < triage->jobs_count; i++)
		if (triage->jobs[i].verdict.answer == TRIAGE_LATE)
			return true;
	return false;
}

int triage_look(struct triage *ret_triage, struct fault *fault)
{
	struct triage *triage = ret_triage;
	double start = clock_s();
	int r;

	memset(triage, 0, sizeof(*triage));
	machine_memory_read(&triage->before);
	r = triage_processes_find(triage, fault);
	if (r < 0)
		return r;
	find_groups(triage);
	triage->has_log = oom_log_read(&triage->log);
	wait_for_verdicts(triage, start + TRIAGE_WINDOW_S);
	triage->window_s = clock_s() - start;
	look_again(triage);
	triage_processes_again(triage, start + PSS_S);
	while (is_open(triage) && clock_s() < start + AUDITS_S)
		triage_verdicts_poll(triage->jobs, triage->jobs_count, 20);
	triage_verdicts_end(triage->jobs, triage->jobs_count);
	take_exact_figures(triage);
	qsort(triage->rows, triage->rows_count, sizeof(triage->rows[0]), biggest_first);
	triage_advise(triage);
	return 0;
}

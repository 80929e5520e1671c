/*
 * triage_advice - the one or two commands to type next
 *
 * In order of what hurts: what grows without end, what was just killed, what churns, what
 * could not be told in time, and last what is big and not profiled.
 */
#include "analyzer/triage/triage.h"

#include <stdarg.h>
#include <stdio.h>

#define SURE 0.5 /* below that the run was too short to tell */

__attribute__((format(printf, 2, 3))) static void advise(struct triage *triage,
							 const char *format, ...)
{
	va_list args;

	if (triage->next_count == TRIAGE_NEXT)
		return;
	va_start(args, format);
	vsnprintf(triage->next[triage->next_count++], sizeof(triage->next[0]), format,
		  args);
	va_end(args);
}

static const struct triage_process *find_verdict(const struct triage *triage,
						 enum audit_verdict verdict)
{
	for (unsigned i = 0; i < triage->rows_count; i++) {
		const struct triage_job *job = triage->rows[i].job;

		if (job && job->verdict.answer == TRIAGE_KNOWN &&
		    job->verdict.verdict == verdict && job->verdict.confidence >= SURE)
			return &triage->rows[i];
	}
	return NULL;
}

static void advise_growth(struct triage *triage)
{
	const struct triage_process *leak = find_verdict(triage, AUDIT_LEAK);

	if (!leak)
		leak = find_verdict(triage, AUDIT_THREAD_LEAK);
	if (!leak)
		return;
	advise(triage, "heapring audit %u", leak->pid);
	advise(triage, "heapring guard --at 85%%,95%% %u", leak->pid);
}

static void advise_rest(struct triage *triage)
{
	static const enum audit_verdict odd[] = { AUDIT_FRAGMENTATION, AUDIT_STORM,
						  AUDIT_SAWTOOTH };
	static const char *const command[] = { "audit", "top --cum --sample alloc_space",
					       "trend" };

	for (unsigned i = 0; i < 3; i++) {
		const struct triage_process *row = find_verdict(triage, odd[i]);

		if (row)
			advise(triage, "heapring %s %u", command[i], row->pid);
	}
	for (unsigned i = 0; i < triage->rows_count; i++) {
		const struct triage_process *row = &triage->rows[i];

		if (row->job && row->job->verdict.answer == TRIAGE_LATE) {
			advise(triage, "heapring audit %u", row->pid);
			return; /* the biggest of them is enough */
		}
	}
}

/* Nothing stands out: look at the biggest, or see whether it can be looked at. */
static void advise_biggest(struct triage *triage)
{
	const struct triage_process *profiled = NULL;

	for (unsigned i = 0; i < triage->rows_count && !profiled; i++)
		if (triage->rows[i].is_profiled)
			profiled = &triage->rows[i];
	if (triage->rows_count > 0 && !triage->rows[0].is_profiled)
		advise(triage, "heapring doctor %u", triage->rows[0].pid);
	if (profiled)
		advise(triage,
		       profiled->is_dormant ? "heapring on %u" : "heapring top --cum %u",
		       profiled->pid);
}

void triage_advise(struct triage *triage)
{
	advise_growth(triage);
	if (triage->killed_count > 0)
		advise(triage, "heapring audit %u", triage->killed[0].pid);
	advise_rest(triage);
	advise_biggest(triage);
}

/*
 * triage_verdict - verdicts on several profiles at once, by a deadline
 *
 * Why it exists: an audit takes what it takes, most of all for the symbols of a large
 * program, and triage answers within two seconds. So each audit is a child process that
 * is ended when its time is over; a damaged profile can end no more than that either.
 *
 * Contract
 *   - jobs begin in their order, TRIAGE_AUDITS_AT_ONCE at a time, and take CPU time only
 *     from each other: memory is short when triage is called, so that the OOM killer
 * would take one of them first;
 *   - after triage_verdicts_end() no child is left, and a job without an answer is
 *     TRIAGE_LATE.
 */
#ifndef ANALYZER_TRIAGE_TRIAGE_VERDICT_H
#define ANALYZER_TRIAGE_TRIAGE_VERDICT_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#include "analyzer/audit/audit.h"

#define TRIAGE_AUDITS_AT_ONCE 2u

enum triage_answer {
	TRIAGE_LATE,   /* not in time */
	TRIAGE_KNOWN,  /* the fields below hold */
	TRIAGE_FAILED, /* the profile cannot be read: `culprit` says why */
};

struct triage_verdict {
	enum triage_answer answer;
	enum audit_verdict verdict;
	enum audit_growth growth;
	double confidence;
	double rate_bytes_per_s;  /* of live bytes */
	double threads_per_s;     /* of a thread leak */
	double alloc_bytes_per_s; /* since the start */
	double eta_to_limit_s;    /* < 0: never, or not known */
	uint64_t live_bytes;
	char culprit[160]; /* "forget  leak_slow.c:17", "" none */
};

struct triage_job {
	char path[PATH_MAX]; /* the segment */
	struct triage_verdict verdict;
	pid_t child; /* 0: not begun, or ended */
	int from;    /* what the child writes to */
};

/* Begins as many as may run; call it again to go on. */
void triage_verdicts_poll(struct triage_job *jobs, size_t count, int wait_ms);
void triage_verdicts_end(struct triage_job *jobs, size_t count);

#endif

/*
 * triage - the first minute: is memory short here, whose is it, what to do next
 *
 * Contract
 *   - triage_look() takes some TRIAGE_WINDOW_S and never over two seconds, whatever
 *     there is to audit (triage_verdict.h);
 *   - an ordinary user's view is enough: what may not be read is unknown, not 0, and a
 *     folder of segments that may not be listed leaves the rest as it is;
 *   - rows are the biggest processes by resident memory; profiled ones come in before
 *     bigger ones that are not, for they are those that can be explained;
 *   - `killed` are the segments of processes that were killed within a day, newest first;
 *   - `next` holds one or two command lines, the more urgent first.
 */
#ifndef ANALYZER_TRIAGE_TRIAGE_H
#define ANALYZER_TRIAGE_TRIAGE_H

#include "analyzer/machine/control_group.h"
#include "analyzer/machine/machine_memory.h"
#include "analyzer/machine/oom_log.h"
#include "analyzer/triage/triage_verdict.h"

#define TRIAGE_WINDOW_S 1.0
#define TRIAGE_ROWS 8u
#define TRIAGE_KILLED 3u
#define TRIAGE_GROUPS 2u
#define TRIAGE_NEXT 2u

struct triage_process {
	uint32_t pid;
	char program[32];
	uint64_t rss, rss_before;
	bool has_pss;
	uint64_t pss;
	struct control_group group;
	bool is_profiled, is_dormant;
	uint64_t live;          /* of the profile */
	struct triage_job *job; /* NULL: not profiled */
};

struct triage_killed {
	uint32_t pid;
	char program[32];
	uint64_t ago_ns, live;
	struct triage_job *job;
};

struct triage_group {
	struct control_group before, now;
};

struct triage {
	double window_s; /* between the two looks */
	struct machine_memory before, now;
	struct triage_group groups[TRIAGE_GROUPS]; /* the fullest first */
	unsigned groups_count;
	bool has_groups; /* the kernel counts memory by group */
	bool has_log;
	struct oom_log log;
	struct triage_process rows[TRIAGE_ROWS];
	unsigned rows_count;
	struct triage_killed killed[TRIAGE_KILLED];
	unsigned killed_count;
	unsigned killed_more;     /* killed ones that are not listed */
	unsigned unreadable;      /* segments of other users, or damaged */
	struct fault no_profiles; /* status FAULT_NONE: their folder could be listed */
	struct triage_job jobs[TRIAGE_ROWS + TRIAGE_KILLED];
	unsigned jobs_count;
	char next[TRIAGE_NEXT][120];
	unsigned next_count;
};

int triage_look(struct triage *ret_triage, struct fault *fault);

/* Seconds until a figure that rose from before to now in the window reaches its end;
 * < 0: it does not rise, or by less than what is noise. */
double triage_eta(const struct triage *triage, uint64_t before, uint64_t now,
		  uint64_t end);

/* Fills in next[] from all the rest. */
void triage_advise(struct triage *triage);

#endif

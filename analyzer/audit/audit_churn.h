/*
 * audit_churn - who allocates much that does not last: storms
 *
 * Contract
 *   - a score of 1 or more is a storm; it is a rate over the rate that is allowed;
 *   - only blocks of stacks whose blocks nearly all die at once count.
 */
#ifndef ANALYZER_AUDIT_AUDIT_CHURN_H
#define ANALYZER_AUDIT_AUDIT_CHURN_H

#include "analyzer/audit/audit_facts.h"

#define AUDIT_THREADS_PER_S 300.0 /* created: a percent of a core, at 30 us each */

struct audit_churn {
	struct audit_function *function; /* the one with the most; NULL: none */
	double score;
	double temporary_per_s, temporary_bytes_per_s; /* of the process */
	double temporary_share;                        /* of its allocations */
	double turnover_per_s;          /* bytes allocated per second over live bytes */
	struct audit_function *threads; /* creates threads; NULL: none that matter */
	double threads_per_s;
	double threads_created, threads_ended;         /* since the start */
	double threads_first_s, threads_last_s, ran_s; /* after the start */
	struct audit_function *creator;                /* of most of them; NULL unknown */
	struct audit_function *unbatched; /* calls a library for each single item; NULL */
	size_t unbatched_stack;
	double calls_per_s; /* of it */
};

void audit_churn_find(const struct audit_facts *facts, struct audit_churn *ret);

#endif

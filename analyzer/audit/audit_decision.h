/*
 * audit_decision - one verdict from all that was found
 *
 * Private to audit_*.c.
 *
 * Contract
 *   - the order of precedence is that of the enum in audit_decide(): what kills the
 *     process first comes first;
 *   - function may be NULL when no stack is to blame; then stack is AUDIT_NO_STACK.
 */
#ifndef ANALYZER_AUDIT_AUDIT_DECISION_H
#define ANALYZER_AUDIT_AUDIT_DECISION_H

#include "analyzer/audit/audit.h"
#include "analyzer/audit/audit_churn.h"
#include "analyzer/audit/audit_facts.h"

struct audit_decision {
	enum audit_verdict verdict;
	enum audit_growth growth;
	double confidence;
	const struct audit_function *function; /* to blame */
	const struct audit_function *grown;    /* whose blocks grow: it, or its helper */
	size_t stack;
	const struct series_shape *shape;         /* that decided; NULL: none did */
	double rate_bytes_per_s, all_bytes_per_s; /* all: of all functions that grow */
	double threads_per_s; /* that come and stay, of a thread leak */
	struct audit_churn churn;
	double held_bytes;  /* resident and not live, when known; < 0 */
	double held_beside; /* these live bytes */
};

/* 0 or -ENOMEM. */
int audit_decide(struct audit_facts *facts, struct audit_decision *ret);

/* Slices that were watched: where there is none, nothing was allocated. */
size_t audit_watched(const struct audit_facts *facts);

/* By which law a series grows that has this shape. */
enum audit_growth audit_decision_growth(const struct audit_facts *facts,
					const struct series_shape *shape);

#endif

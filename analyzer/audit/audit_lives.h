/*
 * audit_lives - what the lives of blocks that pile up say about why they stay
 *
 * Contract
 *   - of the blocks of one stack, by when they were freed and how old they were then;
 *     names have no part in it;
 *   - AUDIT_LIVES_FORGET: too many die too young for a queue. In a queue that takes in
 *     more than it gives out the head is the older the longer it runs, so that most of
 *     what comes out of it is old;
 *   - AUDIT_LIVES_STOP: they were given back as they came, and are no more;
 *   - AUDIT_LIVES_END: none was freed while the program ran, and all are as it ends: so
 *     something holds them;
 *   - AUDIT_LIVES_STAY: none was freed, and no more is known;
 *   - else AUDIT_LIVES_UNCLEAR.
 */
#ifndef ANALYZER_AUDIT_AUDIT_LIVES_H
#define ANALYZER_AUDIT_AUDIT_LIVES_H

#include "analyzer/audit/audit.h"
#include "analyzer/audit/audit_facts.h"

#define AUDIT_LIVES_FREED_MIN 0.03 /* of a queue's blocks are gone again */

enum audit_lives {
	AUDIT_LIVES_STAY,
	AUDIT_LIVES_END,
	AUDIT_LIVES_FORGET,
	AUDIT_LIVES_STOP,
	AUDIT_LIVES_UNCLEAR,
};

enum audit_lives audit_lives_of(const struct audit_facts *facts, size_t stack);

/* Of a function of facts->functions, or of one of its stacks (AUDIT_NO_STACK: of all):
 * what lived before the tear-down is gone, but for a twentieth. *ret_left: so many
 * blocks. False too where the program did not end by itself. */
bool audit_lives_end_with_it(const struct audit_facts *facts,
			     const struct audit_function *function, size_t stack,
			     double *ret_left);

#endif

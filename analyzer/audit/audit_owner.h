/*
 * audit_owner - who keeps what a helper made
 *
 * Contract
 *   - a caller that keeps blocks of its own as often as the helper's are kept through it
 *     keeps both: the helper's belong to its own;
 *   - the innermost such caller on the stack that grows; NULL: there is none.
 */
#ifndef ANALYZER_AUDIT_AUDIT_OWNER_H
#define ANALYZER_AUDIT_AUDIT_OWNER_H

#include "analyzer/audit/audit_facts.h"

const struct audit_function *audit_owner_of(const struct audit_facts *facts,
					    const struct audit_function *helper);

#endif

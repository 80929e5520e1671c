/*
 * audit_one_stack - does one stack of a function tell what its function does not?
 *
 * A leak beside larger things of the same function is seen in its own stack only. But
 * blocks move between the stacks of a function, and what one gains another loses.
 */
#ifndef ANALYZER_AUDIT_AUDIT_ONE_STACK_H
#define ANALYZER_AUDIT_AUDIT_ONE_STACK_H

#include "analyzer/audit/audit_facts.h"

/* Of a recursion no stack tells what stays. */
bool audit_one_stack_recurs(const struct audit_facts *facts,
			    const struct audit_function *function, size_t stack);

/* series: of the stack, which grows. False: the function does not, by as much. */
bool audit_one_stack_tells(const struct audit_facts *facts,
			   const struct audit_function *function,
			   struct audit_series *series);

#endif

/*
 * audit_keeper - what keeps the blocks that stay, by the names of other stacks
 *
 * Contract
 *   - a container: one whose own memory grows at the same time, in the function that is
 *     to blame, in one of its callers, or beside it below the same caller;
 *   - never one that each of the blocks has for itself: it has fewer blocks than a
 *     quarter of theirs, or a node for each of them in another function;
 *   - a reference count: the blocks, or others of the function that stay as often, were
 *     made by make_shared(), Rc::new() and the like.
 */
#ifndef ANALYZER_AUDIT_AUDIT_KEEPER_H
#define ANALYZER_AUDIT_AUDIT_KEEPER_H

#include "analyzer/audit/audit_facts.h"

#define AUDIT_CONTAINER_NAME 96u

struct audit_container {
	char name[AUDIT_CONTAINER_NAME]; /* "std::deque<Job*>" */
	bool is_chain;                   /* a block for each entry */
	bool is_one_block;               /* for all of them */
	const struct symbol *in;         /* its call, in the function that grows it */
};

struct audit_reference {
	const char *head;         /* how the names of its functions begin */
	const char *owner, *weak; /* "std::shared_ptr", and what does not own */
};

/* By the name of a function; false: it is no container's. */
bool audit_container_of_name(const char *function, struct audit_container *ret);
/* NULL: it is none's. */
const struct audit_reference *audit_reference_of_name(const char *function);

bool audit_container_find(const struct audit_facts *facts,
			  const struct audit_function *function, size_t stack,
			  struct audit_container *ret);
const struct audit_reference *audit_reference_find(const struct audit_facts *facts,
						   const struct audit_function *function,
						   size_t stack);

#endif

/*
 * audit_mentions - what the names on a function's stacks say
 *
 * Contract
 *   - names are those of functions and of the files that they are in; words as in
 *     audit_name_words.h;
 *   - a name is a hint: it chooses between patterns that the figures allow.
 */
#ifndef ANALYZER_AUDIT_AUDIT_MENTIONS_H
#define ANALYZER_AUDIT_AUDIT_MENTIONS_H

#include "analyzer/audit/audit_facts.h"

/* Any frame of the stack. */
bool audit_stack_mentions(const struct audit_facts *facts, size_t stack,
			  const char *words);

/* Any frame of any stack of the function. */
bool audit_function_mentions(const struct audit_facts *facts,
			     const struct audit_function *function, const char *words);

/* The function's call on the stack: its own frame, and those that it calls. */
bool audit_call_mentions(const struct audit_facts *facts,
			 const struct audit_function *function, size_t stack,
			 const char *words);

/*
 * What may keep the stack's blocks: the function, what it calls, and those of its callers
 * that hold blocks of their own. A caller that holds none (main(), a handler, a test of a
 * cache) does not keep, whatever it is called.
 */
bool audit_keeper_mentions(const struct audit_facts *facts,
			   const struct audit_function *function, size_t stack,
			   const char *words);

#endif

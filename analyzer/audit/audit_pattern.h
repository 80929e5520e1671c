/*
 * audit_pattern - the anti-pattern behind a verdict, and what to do about it
 *
 * Contract
 *   - recognised by what the profile shows: how the figures grow, whether and when blocks
 *     die, how large they are, whether several stacks do the same, what the functions and
 *     files on the stack are called. Names only choose between patterns that the
 *     figures allow;
 *   - AUDIT_PATTERN_NONE when nothing fits.
 */
#ifndef ANALYZER_AUDIT_AUDIT_PATTERN_H
#define ANALYZER_AUDIT_AUDIT_PATTERN_H

#include "analyzer/audit/audit.h"
#include "analyzer/audit/audit_facts.h"

/* Names of what is worth doing for many items at once; what is called a batch is. */
#define AUDIT_WORDS_BATCH                                                                \
	"*commit|*transaction|exec|sqlite3_step|*pqexec|*fsync|begin|execute|*flush"

/* stack: of the function, the one that the verdict is about. */
enum audit_pattern audit_pattern_of(const struct audit_facts *facts,
				    const struct audit_function *function, size_t stack,
				    enum audit_verdict verdict, enum audit_growth growth);

/* Hardly a block was freed: whatever keeps them has not reached a limit yet. */
bool audit_pattern_nothing_freed(const struct audit_function *function);

/* The same of something whose name says that it may have a limit: a cache, a pool. */
bool audit_pattern_may_be_filling(const struct audit_facts *facts,
				  const struct audit_function *function, size_t stack);

/* Some name on its stack is that of a cache, or of what one does where it misses; or it
 * has no name. */
bool audit_pattern_may_be_missing(const struct audit_facts *facts,
				  const struct audit_function *function, size_t stack);

/* Two sentences at most: what it is, then what to do. NULL: AUDIT_PATTERN_NONE. */
const char *audit_pattern_what(enum audit_pattern pattern);
const char *audit_pattern_remedy(enum audit_pattern pattern);

#endif

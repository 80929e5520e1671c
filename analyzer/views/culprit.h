/*
 * culprit - the function that a person would blame for a stack
 *
 * Not the innermost frame: that is malloc, operator new, std::vector or xmalloc. The
 * innermost one that belongs to the program and does something else than allocate
 * for others.
 *
 * Contract
 *   - frames of the C and C++ runtime, of the allocator and of the shim are never
 *     blamed while there is any other;
 *   - a function that only allocates for its callers (by its name, and mostly by its
 *     having several callers) is passed over while there is one outside of it;
 *   - so is one of which, as far as was noted, one caller gives back what it takes and
 *     another does not (layers.h);
 *   - a closure is part of the function that it stands in, where that is on the stack;
 *   - code outside of the system's folders comes before a system library's: who
 *     calls libsqlite3 is blamed, not its innermost function;
 *   - equal functions have equal symbol->function and symbol->module pointers.
 */
#ifndef ANALYZER_VIEWS_CULPRIT_H
#define ANALYZER_VIEWS_CULPRIT_H

#include <stdbool.h>

#include "analyzer/profile/profile.h"
#include "analyzer/symbols/symbols.h"

struct culprit {
	const struct symbol *symbol; /* NULL: the stack has no frames */
	bool is_direct;        /* nothing but runtime and wrappers lies inside of it */
	bool is_thread_create; /* the block belongs to a thread that is created */
};

struct culprits;

int culprits_new(const struct profile *profile, const struct symbols *symbols,
		 struct culprits **ret_culprits);
void culprits_free(struct culprits *culprits);

/* What became of a stack's blocks: bytes that were taken, and how many more live than
 * before. 0 or -ENOMEM. */
int culprits_note(struct culprits *culprits, size_t stack, double taken, double stayed);

/* Passes over what the notes tell; false: that changes nothing. */
bool culprits_learn(struct culprits *culprits);

struct culprit culprit_of(const struct culprits *culprits, size_t stack);

/* The call that would be blamed for the stack if the function were passed over; NULL:
 * nothing of the program's own lies outside of it. */
const struct symbol *culprit_beyond(const struct culprits *culprits, size_t stack,
				    const struct symbol *function);

/* From now on; false: it was already, or is not the program's own. */
bool culprits_pass_over(struct culprits *culprits, const struct symbol *function);

/* The C or C++ runtime, the loader, an allocator: nobody's own code. */
bool culprit_is_runtime(const struct symbol *symbol);

/* Installed by a distribution; /usr/local and /opt are the user's own. */
bool culprit_is_of_system(const struct symbol *symbol);

#endif

/*
 * audit_release - what a library gave out, and the call that takes it back
 *
 * Why it exists: a stream that is not closed, a compiled pattern, a prepared statement or
 * a digest's context leak through many small functions of a library, whose names and
 * sizes say nothing about the program. But the call that the program made does: what it
 * gives out has a call that takes it back.
 *
 * Contract
 *   - known by the function that the culprit calls: the documented functions of widely
 *     used C libraries, by their own names, without the decoration that libc puts on
 *     them; for other libraries by what their name promises (`..._new`);
 *   - only where that function is a library's and the culprit is not of the same one.
 */
#ifndef ANALYZER_AUDIT_AUDIT_RELEASE_H
#define ANALYZER_AUDIT_AUDIT_RELEASE_H

#include "analyzer/audit/audit_facts.h"

#define AUDIT_RELEASE_NAME 80u

struct audit_release {
	char made_by[AUDIT_RELEASE_NAME]; /* "fopen" */
	char by[AUDIT_RELEASE_NAME];      /* "fclose()"; "" not known */
	bool is_inner; /* allocated on first use, by another call than that */
	bool is_text;  /* plain memory, no object; by: "" where it may not be free()'s */
};

/* False: the culprit's own memory, or nothing is known of the function. */
bool audit_release_find(const struct audit_facts *facts,
			const struct audit_function *function, size_t stack,
			struct audit_release *ret);

/*
 * What an object allocates on first use is its own, whoever is the first to use it: the
 * function that grows and has made such objects; NULL: it is the function's own.
 */
const struct audit_function *audit_release_maker(const struct audit_facts *facts,
						 const struct audit_function *function,
						 size_t stack);

/* What the name of a library's function promises; false: nothing. */
bool audit_release_of_name(const char *function, struct audit_release *ret);

#endif

/*
 * audit_interpreter - is what grows an interpreter's own, so that a script keeps it?
 *
 * Contract
 *   - by the names of modules alone, one table for all languages;
 *   - a stack is an interpreter's when all its frames are, runtimes and code without a
 *     module (compiled at run time) left out: whatever else is on it (an extension, a
 *     program that has an interpreter inside) is worth a look itself;
 *   - a process hides its objects when its program is an interpreter that keeps them in a
 *     heap of its own. CPython does, unless small blocks show that it was told not to.
 */
#ifndef ANALYZER_AUDIT_AUDIT_INTERPRETER_H
#define ANALYZER_AUDIT_AUDIT_INTERPRETER_H

#include "analyzer/audit/audit_facts.h"

struct audit_interpreter {
	const char *files;  /* patterns of fnmatch(); with `/`: of the whole path */
	const char *name;   /* whose frames they are */
	const char *script; /* what keeps the memory in truth */
	const char *tool;   /* of the language itself, that sees the script */
	const char *hides;  /* in a heap of its own: what, and how to see it; NULL none */
};

/* NULL: none of them. */
const struct audit_interpreter *audit_interpreter_of_module(const char *module,
							    const char *path);

/* The program's, if it hides what it allocates; NULL: it does not, or is none. */
const struct audit_interpreter *audit_interpreter_hides(const struct audit_facts *facts);

/* Of a stack; NULL: of none, or there is something else on it. */
const struct audit_interpreter *audit_interpreter_of(const struct audit_facts *facts,
						     size_t stack);

#endif

/*
 * audit_stack_text - the frames of a stack, for people
 *
 * Contract
 *   - innermost first; frames of the shim are left out;
 *   - a frame is "function  file:line" with as much as is known, one line.
 */
#ifndef ANALYZER_AUDIT_AUDIT_STACK_TEXT_H
#define ANALYZER_AUDIT_AUDIT_STACK_TEXT_H

#include <stddef.h>

#include "analyzer/profile/profile.h"
#include "analyzer/symbols/symbols.h"

typedef void audit_frame_fn(void *to, const struct symbol *symbol, const char *text);

/* Calls show() for each frame; returns how many. */
unsigned audit_stack_each(const struct profile *profile, const struct symbols *symbols,
			  size_t stack, audit_frame_fn *show, void *to);

/* The stack's own call in the function, the innermost: another stack may leave it from
 * another line. The function itself where it is not on the stack; NULL: no function. */
const struct symbol *audit_stack_call(const struct profile *profile,
				      const struct symbols *symbols, size_t stack,
				      const struct symbol *function);

#endif

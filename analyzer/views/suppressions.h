/*
 * suppressions - leaks that are known: LeakSanitizer's files
 *
 * Contract
 *   - a line is `leak:PATTERN`, a comment (#) or empty; other kinds (race:, vptr:) are
 *     for other tools and left out; anything else is a fault that names the line;
 *   - a pattern matches anywhere in a frame's function, file or module; `*` stands for
 *     anything, `^` and `$` for the ends;
 *   - a stack is suppressed when any frame matches; each pattern counts what it took;
 *   - patterns for what the C and C++ runtime keep for the whole run are built in.
 */
#ifndef ANALYZER_VIEWS_SUPPRESSIONS_H
#define ANALYZER_VIEWS_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/console/fault.h"
#include "analyzer/profile/profile.h"
#include "analyzer/symbols/symbols.h"

struct suppression {
	char *pattern;
	uint64_t bytes, stacks; /* suppressed so far */
	bool is_built_in;
};

struct suppressions {
	struct suppression *list;
	size_t count;
};

/* path NULL: the built-in ones alone. */
int suppressions_load(const char *path, struct suppressions *ret, struct fault *fault);
void suppressions_done(struct suppressions *suppressions);

/* Is the stack suppressed? Counts its live bytes for the first pattern that does. */
bool suppressions_cover(struct suppressions *suppressions, const struct profile *profile,
			const struct symbols *symbols, size_t stack);

#endif

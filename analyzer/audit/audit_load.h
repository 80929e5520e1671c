/*
 * audit_load - does what lives follow the load?
 *
 * Contract
 *   - true only where more lives at the end than in the middle of the window because more
 *     comes, and each block stays no longer than before;
 *   - false where as much comes as before, and where hardly a block is freed;
 *   - audit_load_ebbs() is true only of a growth that slows just as the process's other
 *     work does, to a part of what it was. What comes and goes is that work: a cache that
 *     fills has ever fewer misses while as much is asked of it.
 */
#ifndef ANALYZER_AUDIT_AUDIT_LOAD_H
#define ANALYZER_AUDIT_AUDIT_LOAD_H

#include "analyzer/audit/audit_facts.h"

/* Of a function, of a stack or of the process: blocks that came, blocks that live. */
bool audit_load_follows(const struct audit_facts *facts, const double *came,
			const double *live);

/* Of a function, whose live blocks rise less and less: do they with the load? */
bool audit_load_ebbs(const struct audit_facts *facts, const double *live);

#endif

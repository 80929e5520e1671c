/*
 * audit_load - does what lives follow the load?
 *
 * Contract
 *   - true only where more lives at the end than in the middle of the window because more
 *     comes, and each block stays no longer than before;
 *   - false where as much comes as before, and where hardly a block is freed.
 */
#ifndef ANALYZER_AUDIT_AUDIT_LOAD_H
#define ANALYZER_AUDIT_AUDIT_LOAD_H

#include "analyzer/audit/audit_facts.h"

/* Of a function, of a stack or of the process: blocks that came, blocks that live. */
bool audit_load_follows(const struct audit_facts *facts, const double *came,
			const double *live);

#endif

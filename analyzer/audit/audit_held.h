/*
 * audit_held - resident memory that no live block needs
 *
 * Contract
 *   - of a live process what is resident now; of one that exited what was at its exit,
 *     beside what lived before its tear-down; of a killed one what `run` saw a moment
 *     before, if it ran under that;
 *   - the keeper is whose blocks are half of all that live or more: they lie between what
 *     was freed. The addresses are known to `heapring pins` only.
 */
#ifndef ANALYZER_AUDIT_AUDIT_HELD_H
#define ANALYZER_AUDIT_AUDIT_HELD_H

#include "analyzer/audit/audit_facts.h"

/* False: not known, and *ret_held < 0. */
bool audit_held_find(const struct audit_facts *facts, double *ret_held, double *ret_live);

/* So much that the heap has holes: docs/audit.md has the thresholds. */
bool audit_held_is_much(const struct audit_facts *facts, double held, double live);
/* Nobody knows what is resident, and if all of the peak still is, it is that much. */
bool audit_held_may_be_much(const struct audit_facts *facts);
double audit_held_certainty(double held, double live);

/* NULL: nobody has that many. */
const struct audit_function *audit_held_keeper(const struct audit_facts *facts);

#endif

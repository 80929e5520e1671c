/*
 * audit_lows - functions whose sawtooth stands higher after each fall
 *
 * Contract
 *   - looks at the functions that are not known to grow; those it finds grow afterwards,
 *     with function->lows;
 *   - what rises in the process's lows by less than half as much was taken over from
 *     others, what follows the load is none, and an interpreter's collector has older
 *     generations that are emptied ever more seldom.
 */
#ifndef ANALYZER_AUDIT_AUDIT_LOWS_H
#define ANALYZER_AUDIT_AUDIT_LOWS_H

#include "analyzer/audit/audit_facts.h"

/* 0 or -ENOMEM. */
int audit_lows_judge(struct audit_facts *facts);

#endif

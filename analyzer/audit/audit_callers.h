/*
 * audit_callers - a helper that one of its callers uses rightly, and another does not
 *
 * Contract
 *   - finds what grows (audit_growth.h), and passes over the functions that only make
 *     blocks for who calls them: one caller's blocks grow in number or size without an
 *     end, another's are given back and do not. Who keeps them is blamed then;
 *   - one caller makes no helper, and neither do callers that all keep;
 *   - where the name says that the function makes something for others, each call counts
 *     as a caller: one of two calls may forget what it got.
 */
#ifndef ANALYZER_AUDIT_AUDIT_CALLERS_H
#define ANALYZER_AUDIT_AUDIT_CALLERS_H

#include "analyzer/audit/audit_facts.h"

/* 0 or -ENOMEM. */
int audit_callers_find(struct audit_facts *facts);

#endif

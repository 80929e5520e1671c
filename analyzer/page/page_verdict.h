/*
 * page_verdict - what `audit` says of the profile that a page shows
 *
 * Contract: the object of audit_print.h, which needs json_decref(); NULL where there is
 * nothing to judge (no history, a part of the time, another format) or no memory.
 */
#ifndef ANALYZER_PAGE_PAGE_VERDICT_H
#define ANALYZER_PAGE_PAGE_VERDICT_H

#include <jansson.h>

#include "analyzer/views/view_target.h"

/* name: how to name the profile in a command; NULL: not known. */
json_t *page_verdict(const struct view_target *target, const char *name);

#endif

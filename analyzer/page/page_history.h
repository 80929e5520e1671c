/*
 * page_history - how the figures moved, as the page reads it
 *
 *   history     only where the profile has one
 *     time_s, inuse_space, ..   columns: the totals at moments, oldest first
 *     interval_s, from_start, damaged, peak_s (null: not known)
 *     marks     [{name, count, first_s, last_s}]
 *     grid_s    column: moments, evenly spaced
 *     stacks    [{stack, inuse_space: column}]: the live bytes of those that ever held
 *               the most, at grid_s; stack is the number in the page's `stacks`
 */
#ifndef ANALYZER_PAGE_PAGE_HISTORY_H
#define ANALYZER_PAGE_PAGE_HISTORY_H

#include "analyzer/page/json_columns.h"
#include "analyzer/views/view_target.h"

#define PAGE_HISTORY_NONE UINT32_MAX

/* stack_of: by entry of the target's set; PAGE_HISTORY_NONE: not in the page. 0 or
 * -ENOMEM. */
int page_history_write(const struct view_target *target, const uint32_t *stack_of,
		       struct json_columns *to);

#endif

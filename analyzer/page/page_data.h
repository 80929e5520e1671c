/*
 * page_data - a profile as the page reads it: JSON in columns
 *
 * The keys of every view (view_output.h) and
 *
 *   level       "functions", "lines" or "modules": what to show first
 *   target      how the profile was named, without folders; not of `flame`
 *   own_total   the target's totals, before a base was subtracted: 100 %
 *   folded      see page_fold.h; only when stacks were folded
 *   warnings    lines of text about symbols
 *   texts       strings; the columns below hold their numbers
 *   functions   {name, module, file, line}: columns; file -1 and line 0 unknown
 *   places      {function, file, line}: columns, one entry for each source line
 *   nodes       {depth, place}: the call tree in preorder without its root; depth
 *               from 1, so the parent is the last node before of a depth less by one
 *   stacks      {node, culprit, inuse_space, ..}: what was allocated at a node itself;
 *               node is the distance from the one before, from -1; culprit how many
 *               frames outside of it whom to name for it is (culprit.h)
 *   base_stacks {inuse_space, ..}: what was subtracted, beside stacks; --base only
 *   variance    {inuse_space, ..}: beside stacks; only where something was sampled
 *   sources, lost_sources   see page_sources.h
 *   source_path, trim_path  as they were given, for commands that are to be copied
 *   verdict     the object of `audit`, only when there is one
 *   history     see page_history.h
 *
 * A stack's figures are the target's own, so figure - base is what a view shows.
 * Columns of small numbers keep it compact: 60,000 stacks are about 5 MB.
 */
#ifndef ANALYZER_PAGE_PAGE_DATA_H
#define ANALYZER_PAGE_PAGE_DATA_H

#include "analyzer/page/page.h"

int page_data_write(const struct view_target *target, const struct page_options *page,
		    FILE *to, struct fault *fault);

#endif

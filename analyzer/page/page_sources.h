/*
 * page_sources - the pieces of source files that a page shows
 *
 * Contract
 *   - only lines near one that has a figure, the most important files first, up to
 *     a budget; what was left out for it is counted;
 *   - only files with the ending of a source file are read: what a profile calls a
 *     source may be any file of this machine, and the page may be sent elsewhere;
 *   - places must have been made by line.
 */
#ifndef ANALYZER_PAGE_PAGE_SOURCES_H
#define ANALYZER_PAGE_PAGE_SOURCES_H

#include <jansson.h>

#include "analyzer/symbols/source_file.h"
#include "analyzer/views/view_target.h"

/*
 * Two keys, NULL without memory:
 *   sources       [{file, lines: count of all, pieces: [[first line, text], ..]}, ..]
 *   lost_sources  [{file, advice: how to get at it}, ..]: those that are not found
 */
json_t *page_sources(const struct view_target *target, const struct source_paths *paths,
		     struct fault *fault);

#endif

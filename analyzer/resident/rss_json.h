/*
 * rss_json - the sum as JSON, for the command and for the page (docs/json.md)
 */
#ifndef ANALYZER_RESIDENT_RSS_JSON_H
#define ANALYZER_RESIDENT_RSS_JSON_H

#include <jansson.h>

#include "analyzer/resident/rss.h"

/* {"resident":..,"live":..,"lines":[..],"cgroup":{..}|null}; without the stacks of what
 * was mapped directly. */
json_t *rss_json(const struct rss *rss, uint32_t pid);

#endif

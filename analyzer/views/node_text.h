/*
 * node_text - a node of the calling-context tree as a stack, in one line and in JSON
 *
 * Contract
 *   - innermost first; frames of the shim are left out; control characters become ?.
 */
#ifndef ANALYZER_VIEWS_NODE_TEXT_H
#define ANALYZER_VIEWS_NODE_TEXT_H

#include "analyzer/views/view_output.h"

/* "start_pool < main": at most `frames` of them. "" for none. */
void node_text(const struct view_target *target, uint32_t node, unsigned frames,
	       char *text, size_t room);

/* Places, as view_json_place() writes them. */
json_t *node_json(const struct view_target *target, uint32_t node);

#endif

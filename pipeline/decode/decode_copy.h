/*
 * decode_copy - what an event owns in copy mode
 *
 * Contract
 *   - copy_new() gives an empty owner or NULL; copy_free() takes NULL and half
 *     filled ones;
 *   - copy_text() and copy_tag() keep the text and answer a view of the copy.
 */
#ifndef PIPELINE_DECODE_COPY_H
#define PIPELINE_DECODE_COPY_H

#include <stddef.h>

#include "pipeline/decode/event.h"

struct copy *copy_new(const void *payload, size_t len);
void copy_free(struct copy *c);

/* The private copy of the payload that the parser may work on. */
const char *copy_payload(const struct copy *c);

int copy_text(struct copy *c, const char *text, size_t len, struct view *ret);
int copy_items(struct copy *c, unsigned n, struct event_item **ret);

/* Adds to the map; the same key again replaces the value. */
int copy_tag(struct copy *c, const char *key, const char *value);

/* Points the event at the items and tags gathered so far. */
int copy_finish(struct copy *c, struct event *e);

#endif

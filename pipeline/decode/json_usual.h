/*
 * json_usual - an order in JSON as serializers write it, at half the cost
 *
 * Contract
 *   - true: the event is complete and the same that decode_json() would make of it,
 *     event_check() not included;
 *   - false: the text is not of the usual form, or there is no memory; nothing is said
 *     about whether it is an order, and the event is to be filled anew;
 *   - the usual form has the fields in the schema's order, each at most once, none that
 *     is not in the schema, no white space but blanks before a number, no escapes;
 *   - not one byte at or past end is read.
 */
#ifndef PIPELINE_JSON_USUAL_H
#define PIPELINE_JSON_USUAL_H

#include <stdbool.h>

#include "pipeline/decode/arena.h"
#include "pipeline/decode/event.h"

bool json_usual(const uint8_t *at, const uint8_t *end, struct arena *a, struct event *e);

#endif

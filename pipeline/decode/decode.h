/*
 * decode - bytes of a message to an event, in one of two ways
 *
 * Contract
 *   - zerocopy: views into the payload, item and tag arrays in the arena, no
 *     allocation; the event lives as long as the message and the arena;
 *   - copy: the ordinary way (copy of the payload, library parser, owned strings);
 *     the event owns its memory and decode_release() frees it;
 *   - 0, or -EBADMSG with *ret_why set to a constant text; -ENOMEM otherwise;
 *   - an event that decodes has passed event_check();
 *   - unknown fields are passed over; a field given twice: the last one counts.
 */
#ifndef PIPELINE_DECODE_H
#define PIPELINE_DECODE_H

#include "pipeline/decode/arena.h"
#include "pipeline/decode/event.h"

enum encoding {
	ENCODING_JSON,
	ENCODING_PROTOBUF,
};

enum decode_way {
	DECODE_ZEROCOPY,
	DECODE_COPY,
};

typedef int (*decode_fn)(const uint8_t *payload, size_t len, struct arena *a,
			 struct event *e, const char **ret_why);

decode_fn decode_choose(enum encoding encoding, enum decode_way way);

/* Frees what copy mode owns; nothing to do for zero-copy events. */
void decode_release(struct event *e);

/* The four ways; use decode_choose(). */
int decode_json(const uint8_t *payload, size_t len, struct arena *a, struct event *e,
		const char **ret_why);
int decode_wire(const uint8_t *payload, size_t len, struct arena *a, struct event *e,
		const char **ret_why);
int decode_copy_json(const uint8_t *payload, size_t len, struct arena *a, struct event *e,
		     const char **ret_why);
int decode_copy_wire(const uint8_t *payload, size_t len, struct arena *a, struct event *e,
		     const char **ret_why);

#endif

/*
 * pg_wire - values in PostgreSQL's binary formats
 *
 * Contract
 *   - a buffer grows by doubling and keeps its memory until free(bytes);
 *   - put functions answer 0 or -ENOMEM and then have written nothing;
 *   - a value is its length in four bytes, then its bytes, in network order; the same
 *     in arrays and in COPY.
 */
#ifndef PIPELINE_PG_WIRE_H
#define PIPELINE_PG_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "pipeline/decode/event.h"

struct pg_buffer {
	char *bytes;
	size_t len, size;
};

int pg_reserve(struct pg_buffer *b, size_t more);

/* The caller has reserved the four bytes. */
void pg_put4(struct pg_buffer *b, uint32_t value);
int pg_put2(struct pg_buffer *b, uint16_t value);
int pg_put_int8(struct pg_buffer *b, int64_t value);
int pg_put_text(struct pg_buffer *b, struct view v);

/* What every binary COPY begins with. */
int pg_put_copy_head(struct pg_buffer *b);

#endif

/*
 * pg_wire - values in PostgreSQL's binary formats
 */
#include "pipeline/sink/pg_wire.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/base/memory.h"

int pg_reserve(struct pg_buffer *b, size_t more)
{
	size_t size = b->size == 0 ? 4096 : b->size;
	char *bytes;

	while (size < b->len + more)
		size *= 2;
	if (size == b->size)
		return 0;
	bytes = realloc(b->bytes, size);
	if (bytes == NULL)
		return -ENOMEM;
	memory_here.calls++;
	memory_here.bytes += size;
	b->bytes = bytes;
	b->size = size;
	return 0;
}

static void put(struct pg_buffer *b, const void *from, size_t len)
{
	memcpy(b->bytes + b->len, from, len);
	b->len += len;
}

void pg_put4(struct pg_buffer *b, uint32_t value)
{
	value = htonl(value);
	put(b, &value, 4);
}

int pg_put2(struct pg_buffer *b, uint16_t value)
{
	if (pg_reserve(b, 2) != 0)
		return -ENOMEM;
	value = htons(value);
	put(b, &value, 2);
	return 0;
}

int pg_put_int8(struct pg_buffer *b, int64_t value)
{
	uint64_t wire = htobe64((uint64_t)value);

	if (pg_reserve(b, 12) != 0)
		return -ENOMEM;
	pg_put4(b, 8);
	put(b, &wire, 8);
	return 0;
}

int pg_put_text(struct pg_buffer *b, struct view v)
{
	if (pg_reserve(b, 4 + v.len) != 0)
		return -ENOMEM;
	pg_put4(b, v.len);
	if (v.len > 0)
		put(b, v.at, v.len);
	return 0;
}

int pg_put_copy_head(struct pg_buffer *b)
{
	static const char head[19] = "PGCOPY\n\377\r\n"; /* then flags, no extension */

	if (pg_reserve(b, sizeof(head)) != 0)
		return -ENOMEM;
	put(b, head, sizeof(head));
	return 0;
}

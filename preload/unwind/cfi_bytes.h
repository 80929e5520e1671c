/*
 * cfi_bytes - a bounded cursor over DWARF's encoded numbers
 *
 * Reading past the end yields zeros and sets `over`; callers check it once at
 * the end of a record instead of after every field.
 */
#ifndef PRELOAD_CFI_BYTES_H
#define PRELOAD_CFI_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *at;
	const uint8_t *end;
	bool over;
};

static inline bool bytes_left(const struct bytes *b)
{
	return b->at < b->end;
}

static inline void bytes_take(struct bytes *b, void *to, uint64_t n)
{
	if ((uint64_t)(b->end - b->at) < n) {
		b->over = true;
		b->at = b->end;
		memset(to, 0, n);
		return;
	}
	memcpy(to, b->at, n);
	b->at += n;
}

#define BYTES_FIXED(name, type)                                                          \
	static inline type bytes_##name(struct bytes *b)                                 \
	{                                                                                \
		type v;                                                                  \
		bytes_take(b, &v, sizeof v);                                             \
		return v;                                                                \
	}
BYTES_FIXED(u8, uint8_t)
BYTES_FIXED(u16, uint16_t)
BYTES_FIXED(u32, uint32_t)
BYTES_FIXED(u64, uint64_t)
BYTES_FIXED(s8, int8_t)
BYTES_FIXED(s16, int16_t)
BYTES_FIXED(s32, int32_t)
BYTES_FIXED(s64, int64_t)
#undef BYTES_FIXED

/* ret_bits: how many the number has, at most; ret_last: its last byte. */
static inline uint64_t bytes_leb(struct bytes *b, unsigned *ret_bits, uint8_t *ret_last)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = bytes_u8(b);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) != 0);
	*ret_bits = shift;
	*ret_last = byte;
	return value;
}

static inline uint64_t bytes_uleb(struct bytes *b)
{
	unsigned bits;
	uint8_t last;

	return bytes_leb(b, &bits, &last);
}

static inline int64_t bytes_sleb(struct bytes *b)
{
	unsigned bits;
	uint8_t last;
	uint64_t value = bytes_leb(b, &bits, &last);

	if (bits < 64 && (last & 0x40) != 0)
		value |= ~0ull << bits;
	return (int64_t)value;
}

/* A block with its length in front: returns where it starts, skips it. */
static inline const uint8_t *bytes_block(struct bytes *b, uint64_t *ret_len)
{
	const uint8_t *start;

	*ret_len = bytes_uleb(b);
	start = b->at;
	if ((uint64_t)(b->end - b->at) < *ret_len) {
		b->over = true;
		*ret_len = 0;
		b->at = b->end;
		return start;
	}
	b->at += *ret_len;
	return start;
}

#endif

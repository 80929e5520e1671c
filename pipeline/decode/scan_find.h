/*
 * scan_find - the first byte of a string that is not plain text
 *
 * Contract: scan_find() answers the first '"', '\\' or control character in [at, end),
 * or end; scan_blanks() the first byte that is no blank; scan_starts() whether the len <=
 * 16 bytes of text, which has 16 readable ones, are at at. None reads anything at or past
 * end.
 *
 * Strings are most of the bytes of JSON, so this is the one place with a version
 * for one processor: 16 bytes a step where SSE2 is a given, else 8 bytes a step
 * in a plain word. In a word, byte b is present when x = word ^ (b in every byte) has
 * a zero byte, and (x - 0x01..) & ~x & 0x80.. has its lowest bit set in the first
 * such byte; bits above it may be false, hence only the lowest is used.
 */
#ifndef PIPELINE_SCAN_FIND_H
#define PIPELINE_SCAN_FIND_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "the lowest bit is the first byte");

static inline const uint8_t *scan_find_bytes(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at != '"' && *at != '\\' && *at >= 0x20)
		at++;
	return at;
}

static inline const uint8_t *scan_blanks_slowly(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at == ' ')
		at++;
	return at;
}

#if defined(__SSE2__)
#include <emmintrin.h>

static inline const uint8_t *scan_find(const uint8_t *at, const uint8_t *end)
{
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);

	for (; end - at >= 16; at += 16) {
		__m128i text = _mm_loadu_si128((const __m128i *)at);
		__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(text, quote),
					   _mm_cmpeq_epi8(text, slash));
		int mask;

		hit = _mm_or_si128(hit,
				   _mm_cmpeq_epi8(_mm_min_epu8(text, control), text));
		mask = _mm_movemask_epi8(hit);
		if (mask != 0)
			return at + __builtin_ctz((unsigned)mask);
	}
	return scan_find_bytes(at, end);
}

static inline const uint8_t *scan_blanks(const uint8_t *at, const uint8_t *end)
{
	const __m128i blank = _mm_set1_epi8(' ');

	if (at < end && *at != ' ')
		return at; /* by far the most often */
	for (; end - at >= 16; at += 16) {
		__m128i text = _mm_loadu_si128((const __m128i *)at);
		int same = _mm_movemask_epi8(_mm_cmpeq_epi8(text, blank));

		if (same != 0xffff)
			return at + __builtin_ctz(~(unsigned)same);
	}
	return scan_blanks_slowly(at, end);
}

static inline bool scan_starts(const uint8_t *at, const uint8_t *end, const char *text,
			       size_t len)
{
	__m128i same;

	if (end - at < 16)
		return (size_t)(end - at) >= len && memcmp(at, text, len) == 0;
	same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at),
			      _mm_loadu_si128((const __m128i *)text));
	return (~(unsigned)_mm_movemask_epi8(same) & ((1u << len) - 1)) == 0;
}
#else
static inline const uint8_t *scan_blanks(const uint8_t *at, const uint8_t *end)
{
	return scan_blanks_slowly(at, end);
}

static inline bool scan_starts(const uint8_t *at, const uint8_t *end, const char *text,
			       size_t len)
{
	return (size_t)(end - at) >= len && memcmp(at, text, len) == 0;
}

#define SCAN_EACH(b) (UINT64_C(0x0101010101010101) * (uint8_t)(b))

static inline uint64_t scan_zero_bytes(uint64_t x)
{
	return (x - SCAN_EACH(1)) & ~x & SCAN_EACH(0x80);
}

static inline const uint8_t *scan_find(const uint8_t *at, const uint8_t *end)
{
	for (; end - at >= 8; at += 8) {
		uint64_t word, hit;

		memcpy(&word, at, 8);
		hit = scan_zero_bytes(word ^ SCAN_EACH('"')) |
		      scan_zero_bytes(word ^ SCAN_EACH('\\')) |
		      ((word - SCAN_EACH(0x20)) & ~word & SCAN_EACH(0x80));
		if (hit != 0)
			return at + (__builtin_ctzll(hit) >> 3);
	}
	return scan_find_bytes(at, end);
}
#endif

#endif

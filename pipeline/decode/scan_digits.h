/*
 * scan_digits - the leading digits of a text as a number
 *
 * Contract: scan_digits() answers where it stopped and sets *ret to the number before
 * that: at the first byte of [at, end) that is no digit, or after at least 15 digits,
 * so that the number cannot overflow yet and the caller goes on. Nothing at or past end
 * is read.
 *
 * Digit by digit each step waits for the multiplication before it, and the end of the
 * loop is guessed wrong for every number that is longer or shorter than the last. So
 * where SSE2 is a given, one comparison finds the length, and eight digits become a
 * number at once: pairs, then fours, then eight, by multiplying all lanes of a word.
 */
#ifndef PIPELINE_SCAN_DIGITS_H
#define PIPELINE_SCAN_DIGITS_H

#include <stdint.h>
#include <string.h>

#define SCAN_DIGITS_SAFE 19 /* as many always fit */

static inline const uint8_t *scan_digits_slowly(const uint8_t *at, const uint8_t *end,
						uint64_t *ret)
{
	const uint8_t *safe = end - at > SCAN_DIGITS_SAFE ? at + SCAN_DIGITS_SAFE : end;
	uint64_t value = 0;

	for (; at < safe && (uint8_t)(*at - '0') < 10; at++)
		value = value * 10 + (uint8_t)(*at - '0');
	*ret = value;
	return at;
}

#if defined(__SSE2__)
#include <emmintrin.h>

/* The first n <= 8 bytes of a little endian word are digits. */
static inline uint64_t scan_eight(const uint8_t *at, unsigned n)
{
	uint64_t word;

	if (n == 0)
		return 0;
	memcpy(&word, at, 8);
	word <<= (8 - n) * 8; /* zeros in front */
	word = (word & UINT64_C(0x0f0f0f0f0f0f0f0f)) * (10 * 256 + 1) >> 8;
	word = (word & UINT64_C(0x00ff00ff00ff00ff)) * (100 * 65536 + 1) >> 16;
	return (word & UINT64_C(0x0000ffff0000ffff)) *
		       (UINT64_C(10000) * 4294967296 + 1) >>
	       32;
}

static inline const uint8_t *scan_digits(const uint8_t *at, const uint8_t *end,
					 uint64_t *ret)
{
	static const uint64_t tens[] = { 1,      10,      100,      1000,     10000,
					 100000, 1000000, 10000000, 100000000 };
	const __m128i nine = _mm_set1_epi8(9);
	__m128i text;
	unsigned other, n;

	if (end - at < 16)
		return scan_digits_slowly(at, end, ret);
	text = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)at), _mm_set1_epi8('0'));
	other = ~(unsigned)_mm_movemask_epi8(
		_mm_cmpeq_epi8(_mm_min_epu8(text, nine), text));
	n = (unsigned)__builtin_ctz(other); /* 16 when all are digits */
	if (n <= 8)
		*ret = scan_eight(at, n);
	else
		*ret = scan_eight(at, 8) * tens[n - 8] + scan_eight(at + 8, n - 8);
	return at + n;
}
#else
static inline const uint8_t *scan_digits(const uint8_t *at, const uint8_t *end,
					 uint64_t *ret)
{
	return scan_digits_slowly(at, end, ret);
}
#endif

#endif

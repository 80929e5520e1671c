/*
 * units - sizes, counts and times for people
 *
 * Contract
 *   - a printed figure has at least three significant digits and at most 12
 *     characters;
 *   - a counted noun has its plural unless there is exactly one; it has at most 13
 *     characters;
 *   - what is parsed may carry the units that are printed, in any case.
 */
#ifndef ANALYZER_CONSOLE_UNITS_H
#define ANALYZER_CONSOLE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNITS_TEXT 24

struct units_text {
	char text[UNITS_TEXT];
};

struct units_text units_bytes(uint64_t bytes); /* 512B, 1.50KiB, 23.4MiB */
struct units_text units_count(uint64_t count); /* 999, 12.3k, 4.56M */
struct units_text units_counted(uint64_t count,
				const char *one); /* 1 block, 12.3k blocks */
struct units_text units_percent(double part, double whole);
struct units_text units_age(uint64_t ns); /* 12s, 3m20s, 2h05m, 4d03h */

/* Bytes in one B, KiB, MiB, GiB, TiB, kB, MB, GB or TB. */
bool units_size(const char *unit, uint64_t *ret_bytes);
/* So many bytes in that unit, NULL: the one that suits. */
struct units_text units_bytes_in(int64_t bytes, const char *unit);
/* With its sign; counts below 100,000 are exact. */
struct units_text units_signed_count(int64_t count);
struct units_text units_signed_counted(int64_t count, const char *one); /* -1 object */

bool units_parse_bytes(const char *text, uint64_t *ret_bytes); /* 512KiB, 2M, 1e6 no */
bool units_parse_age(const char *text, uint64_t *ret_ns);      /* 90, 90s, 15m, 7d */

#endif

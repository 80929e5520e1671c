/*
 * units - sizes, times and rates as people write them
 *
 * Contract
 *   - every parser takes the whole string or refuses it with -EINVAL; a number
 *     that does not fit its type is -ERANGE; *ret is written only on success;
 *   - bytes: "4096", "64K", "64KiB", "20MiB", "1G"; the suffix is always binary;
 *   - time: "250" (milliseconds), "250ms", "10us", "1.5s", "2m"; result in us;
 *   - rate: "100000", "100000/s", "100k/s" (k and M are decimal) or "max" (0).
 */
#ifndef PIPELINE_UNITS_H
#define PIPELINE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_TEXT_MAX 24

int units_count(const char *text, uint64_t *ret);
int units_bytes(const char *text, uint64_t *ret);
int units_time_us(const char *text, uint64_t *ret);
int units_rate(const char *text, uint64_t *ret);

/* "1.5 MiB" into buf of UNITS_TEXT_MAX bytes; returns buf. */
const char *units_bytes_text(char *buf, uint64_t bytes);

/* Nanoseconds of the monotonic clock; never goes backwards. */
uint64_t units_now_ns(void);

/* Milliseconds since 1970, of the clock that may be set. */
uint64_t units_unix_ms(void);

#endif

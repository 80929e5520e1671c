/*
 * scan - read JSON in place, without a tree and without a copy
 *
 * What runs for every field is inline here; the rare parts are in scan.c.
 *
 * Contract
 *   - input is not modified and may be followed by anything: not one byte at or
 *     past end is read;
 *   - every function returns 0 or -EBADMSG (not JSON, or not what was asked for)
 *     and moves on only when it returns 0;
 *   - a string comes back as a view into the input; only one with escapes is
 *     rewritten, into the arena (-ENOMEM when that is spent);
 *   - nesting deeper than SCAN_DEPTH is -EBADMSG: input cannot exhaust the stack.
 */
#ifndef PIPELINE_SCAN_H
#define PIPELINE_SCAN_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "pipeline/decode/arena.h"
#include "pipeline/decode/event.h"
#include "pipeline/decode/scan_digits.h"
#include "pipeline/decode/scan_find.h"

#define SCAN_DEPTH 32

struct scan {
	const uint8_t *at;
	const uint8_t *end;
	struct arena *arena;
};

static inline void scan_space(struct scan *s)
{
	while (s->at < s->end && *s->at <= ' ' &&
	       (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
		s->at = scan_blanks(s->at + 1, s->end);
}

/* Takes c, with white space before it. */
static inline int scan_take(struct scan *s, char c)
{
	scan_space(s);
	if (s->at == s->end || *s->at != (uint8_t)c)
		return -EBADMSG;
	s->at++;
	return 0;
}

#define SCAN_TEXT 16

/* True and taken when exactly this text is next, without white space before it. text
 * has SCAN_TEXT readable bytes: a call of memcmp() costs more than the comparison. */
static inline bool scan_text(struct scan *s, const char *text, size_t len)
{
	if (!scan_starts(s->at, s->end, text, len))
		return false;
	s->at += len;
	return true;
}

/* A string with escapes; start is behind the opening quote. */
int scan_unescape(struct scan *s, const uint8_t *start, struct view *ret);

static inline int scan_string(struct scan *s, struct view *ret)
{
	const uint8_t *start, *stop;

	if (s->at < s->end && *s->at == '"')
		s->at++;
	else if (scan_take(s, '"') != 0)
		return -EBADMSG;
	start = s->at;
	stop = scan_find(start, s->end);
	if (stop < s->end && *stop == '"') {
		*ret = (struct view){ (const char *)start, (uint32_t)(stop - start) };
		s->at = stop + 1;
		return 0;
	}
	s->at--;
	return stop < s->end && *stop == '\\' ? scan_unescape(s, start, ret) : -EBADMSG;
}

/* Whole numbers only, without sign, fraction or leading zeros. */
static inline int scan_u64(struct scan *s, uint64_t *ret)
{
	const uint8_t *at;
	uint64_t value = 0;

	scan_space(s);
	at = scan_digits(s->at, s->end, &value);
	for (; at < s->end && (uint8_t)(*at - '0') < 10; at++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
			return -EBADMSG;
	if (at == s->at || (*s->at == '0' && at - s->at > 1) ||
	    (at < s->end && (*at == '.' || (*at | 0x20) == 'e')))
		return -EBADMSG;
	s->at = at;
	*ret = value;
	return 0;
}

/*
 * Walks an object or an array: call in a loop; *ret_more is false at its end.
 * first must be true before the first call. Object keys are left to the caller.
 */
static inline int scan_more(struct scan *s, char close, bool *first, bool *ret_more)
{
	bool was_first = *first;

	*first = false;
	scan_space(s);
	if (s->at == s->end)
		return -EBADMSG;
	*ret_more = *s->at != (uint8_t)close;
	if (!*ret_more) {
		s->at++;
		return 0;
	}
	return was_first ? 0 : scan_take(s, ',');
}

/* Passes over one value of any kind. */
int scan_skip(struct scan *s);

/* Only white space is left. */
static inline bool scan_ended(struct scan *s)
{
	scan_space(s);
	return s->at == s->end;
}

#endif

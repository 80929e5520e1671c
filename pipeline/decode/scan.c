/*
 * scan - read JSON in place, without a tree and without a copy: its rare parts
 *
 * Why our own: the JSON libraries of Debian 12 either build a tree with dozens
 * of allocations or want to write into their input, and a Kafka payload is
 * const and shares its buffer with its neighbours.
 *
 * Not here: what the fields mean (decode_json.c) and whether text is UTF-8;
 * a sink that cares refuses the row.
 */
#include "pipeline/decode/scan.h"

#include <errno.h>
#include <string.h>

static int hex4(const uint8_t *at, unsigned *ret)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		uint8_t c = at[i];
		uint8_t low = c | 0x20;

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if (low >= 'a' && low <= 'f')
			value = value * 16 + (low - 'a' + 10u);
		else
			return -EBADMSG;
	}
	*ret = value;
	return 0;
}

static uint8_t *put_utf8(uint8_t *out, unsigned code)
{
	if (code < 0x80) {
		*out++ = (uint8_t)code;
		return out;
	}
	if (code < 0x800) {
		*out++ = (uint8_t)(0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*out++ = (uint8_t)(0xe0 | code >> 12);
		} else {
			*out++ = (uint8_t)(0xf0 | code >> 18);
			*out++ = (uint8_t)(0x80 | (code >> 12 & 0x3f));
		}
		*out++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	}
	*out++ = (uint8_t)(0x80 | (code & 0x3f));
	return out;
}

/* at is behind "\u"; a surrogate needs its other half. */
static int unicode(const uint8_t **at, const uint8_t *end, unsigned *ret)
{
	unsigned code, low;

	if (end - *at < 4 || hex4(*at, &code) != 0)
		return -EBADMSG;
	*at += 4;
	if (code >= 0xd800 && code < 0xdc00) {
		if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u' ||
		    hex4(*at + 2, &low) != 0 || low < 0xdc00 || low > 0xdfff)
			return -EBADMSG;
		*at += 6;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	} else if (code >= 0xdc00 && code < 0xe000) {
		return -EBADMSG;
	}
	*ret = code;
	return 0;
}

static int escape(const uint8_t **at, const uint8_t *end, uint8_t **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *which;
	unsigned code;

	if (*at == end)
		return -EBADMSG;
	if (**at == 'u') {
		++*at;
		if (unicode(at, end, &code) != 0)
			return -EBADMSG;
		*out = put_utf8(*out, code);
		return 0;
	}
	which = memchr(from, **at, sizeof(from) - 1);
	if (which == NULL)
		return -EBADMSG;
	*(*out)++ = (uint8_t)to[which - from];
	++*at;
	return 0;
}

/* The closing quote of a string that has an escape at or behind at. */
static const uint8_t *closing_quote(const uint8_t *at, const uint8_t *end)
{
	while ((at = scan_find(at, end)) < end && *at == '\\') {
		if (end - at < 2)
			return end;
		at += 2;
	}
	return at;
}

/* An escaped string only gets shorter, so its raw length is room enough. */
int scan_unescape(struct scan *s, const uint8_t *start, struct view *ret)
{
	const uint8_t *close = closing_quote(start, s->end), *at = start;
	uint8_t *text, *out;

	if (close == s->end || *close != '"')
		return -EBADMSG;
	text = out = arena_alloc(s->arena, (size_t)(close - start));
	if (text == NULL)
		return -ENOMEM;
	while (at < close) {
		if (*at != '\\') {
			*out++ = *at++;
			continue;
		}
		at++;
		if (escape(&at, close, &out) != 0)
			return -EBADMSG;
	}
	*ret = (struct view){ (const char *)text, (uint32_t)(out - text) };
	s->at = close + 1;
	return 0;
}

/* Numbers and the three words; only their characters are checked. */
static int skip_scalar(struct scan *s)
{
	const uint8_t *start = s->at;

	while (s->at < s->end &&
	       ((uint8_t)((*s->at | 0x20) - 'a') < 26 || (uint8_t)(*s->at - '0') < 10 ||
		*s->at == '-' || *s->at == '+' || *s->at == '.'))
		s->at++;
	return s->at == start ? -EBADMSG : 0;
}

static int skip_value(struct scan *s, int depth)
{
	bool first = true, more;
	struct view text;
	char close;
	int r;

	scan_space(s);
	if (s->at == s->end || depth == SCAN_DEPTH)
		return -EBADMSG;
	if (*s->at == '"')
		return scan_string(s, &text);
	if (*s->at != '{' && *s->at != '[')
		return skip_scalar(s);
	close = *s->at++ == '{' ? '}' : ']';
	while ((r = scan_more(s, close, &first, &more)) == 0 && more) {
		if (close == '}' &&
		    (scan_string(s, &text) != 0 || scan_take(s, ':') != 0))
			return -EBADMSG;
		if (skip_value(s, depth + 1) != 0)
			return -EBADMSG;
	}
	return r;
}

int scan_skip(struct scan *s)
{
	return skip_value(s, 0);
}

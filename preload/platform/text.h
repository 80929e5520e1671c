/*
 * text - build a short string without stdio
 *
 * printf may allocate and takes a lock; the shim needs a path now and then.
 * A text never writes past its buffer, is always NUL-terminated, and says with
 * `cut` when something did not fit.
 */
#ifndef PRELOAD_TEXT_H
#define PRELOAD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *at;
	char *end; /* the place of the last NUL that fits */
	bool cut;
};

struct text text_into(char *buf, size_t bytes);
void text_char(struct text *text, char c);
void text_str(struct text *text, const char *s);
void text_u64(struct text *text, uint64_t n);

#endif

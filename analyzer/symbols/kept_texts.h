/*
 * kept_texts - texts of a file that is open, as a profile keeps them
 *
 * Why it exists: a large program names the same inlined functions hundreds of
 * thousands of times, each time by the same text of its debug information.
 *
 * Contract
 *   - a text is known by its address: as long as one struct is used, texts that it was
 *     asked for neither change nor move. Names on the stack go to string_pool_keep();
 *   - what it gives lies in strings and stays; NULL for NULL, or without memory.
 */
#ifndef ANALYZER_SYMBOLS_KEPT_TEXTS_H
#define ANALYZER_SYMBOLS_KEPT_TEXTS_H

#include "analyzer/symbols/string_pool.h"

struct kept_texts;

struct kept_texts *kept_texts_new(struct string_pool *strings);
void kept_texts_free(struct kept_texts *texts);

/* As it is, and as demangle() makes it. */
const char *kept_texts_plain(struct kept_texts *texts, const char *text);
const char *kept_texts_readable(struct kept_texts *texts, const char *text);

#endif

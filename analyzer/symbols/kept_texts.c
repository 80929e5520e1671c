/*
 * kept_texts - texts of a file that is open, as a profile keeps them
 */
#include "analyzer/symbols/kept_texts.h"

#include <stdlib.h>

#include <uthash.h>

#include "analyzer/symbols/demangle.h"

struct kept_text {
	UT_hash_handle hh;
	const char *text;
	const char *plain, *readable; /* NULL: not asked for yet */
};

struct kept_texts {
	struct string_pool *strings;
	struct kept_text *texts;
};

struct kept_texts *kept_texts_new(struct string_pool *strings)
{
	struct kept_texts *texts = calloc(1, sizeof(*texts));

	if (texts)
		texts->strings = strings;
	return texts;
}

void kept_texts_free(struct kept_texts *texts)
{
	struct kept_text *kept, *next;

	if (!texts)
		return;
	HASH_ITER(hh, texts->texts, kept, next)
	{
		HASH_DEL(texts->texts, kept);
		free(kept);
	}
	free(texts);
}

static struct kept_text *find(struct kept_texts *texts, const char *text)
{
	struct kept_text *kept;

	HASH_FIND_PTR(texts->texts, &text, kept);
	if (kept)
		return kept;
	kept = calloc(1, sizeof(*kept));
	if (!kept)
		return NULL;
	kept->text = text;
	HASH_ADD_PTR(texts->texts, text, kept);
	return kept;
}

const char *kept_texts_plain(struct kept_texts *texts, const char *text)
{
	struct kept_text *kept = text ? find(texts, text) : NULL;

	if (kept && !kept->plain)
		kept->plain = string_pool_keep(texts->strings, text);
	return kept ? kept->plain : NULL;
}

const char *kept_texts_readable(struct kept_texts *texts, const char *text)
{
	struct kept_text *kept = text ? find(texts, text) : NULL;
	char *readable;

	if (kept && !kept->readable) {
		readable = demangle(text);
		kept->readable = string_pool_keep(texts->strings, readable);
		free(readable);
	}
	return kept ? kept->readable : NULL;
}

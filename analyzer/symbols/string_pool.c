/*
 * string_pool - one copy of every name
 *
 * A uthash table whose entries carry their text behind them.
 */
#include "analyzer/symbols/string_pool.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

struct entry {
	UT_hash_handle hh;
	char text[];
};

struct string_pool {
	struct entry *entries;
};

struct string_pool *string_pool_new(void)
{
	return calloc(1, sizeof(struct string_pool));
}

void string_pool_free(struct string_pool *strings)
{
	struct entry *entry, *next;

	if (!strings)
		return;
	HASH_ITER(hh, strings->entries, entry, next)
	{
		HASH_DEL(strings->entries, entry);
		free(entry);
	}
	free(strings);
}

const char *string_pool_keep(struct string_pool *strings, const char *text)
{
	struct entry *entry;
	size_t length;

	if (!text)
		return NULL;
	length = strlen(text);
	HASH_FIND(hh, strings->entries, text, length, entry);
	if (entry)
		return entry->text;
	entry = malloc(sizeof(*entry) + length + 1);
	if (!entry)
		return NULL;
	memcpy(entry->text, text, length + 1);
	HASH_ADD_KEYPTR(hh, strings->entries, entry->text, length, entry);
	return entry->text;
}

/*
 * place_table - the functions, source lines or modules that stacks go through
 *
 * Texts are interned first, so a key is a handful of pointers.
 */
#include "analyzer/views/place_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "analyzer/console/text.h"
#include "analyzer/symbols/string_pool.h"

struct key {
	const char *function, *file, *module;
	uint64_t line;
};

struct entry {
	struct key key;
	uint32_t number;
	UT_hash_handle hh;
};

struct place_table {
	struct string_pool *strings;
	struct entry *index;
	struct place *places;
	uint32_t count, room;
	bool across_builds;
};

struct place_table *place_table_new(bool across_builds)
{
	struct place_table *table = calloc(1, sizeof(*table));

	if (table)
		table->strings = string_pool_new();
	if (table && table->strings) {
		table->across_builds = across_builds;
		return table;
	}
	place_table_free(table);
	return NULL;
}

void place_table_free(struct place_table *table)
{
	struct entry *entry, *next;

	if (!table)
		return;
	HASH_ITER(hh, table->index, entry, next)
	{
		HASH_DEL(table->index, entry);
		free(entry);
	}
	if (table->strings)
		string_pool_free(table->strings);
	free(table->places);
	free(table);
}

/* libx.so.1.2 is libx.so; the program is nameless. */
static const char *module_key(struct place_table *table, const char *module,
			      bool is_program)
{
	const char *so = strstr(module, ".so.");
	char text[256];
	size_t length = so ? (size_t)(so - module) + 3 : 0;

	if (is_program)
		return string_pool_keep(table->strings, "");
	if (length == 0 || length >= sizeof(text))
		return string_pool_keep(table->strings, module);
	memcpy(text, module, length);
	text[length] = '\0';
	return string_pool_keep(table->strings, text);
}

static const char *file_key(struct place_table *table, const char *file)
{
	return file && table->across_builds
		       ? string_pool_keep(table->strings, text_base(file))
		       : file;
}

static int append(struct place_table *table, const struct key *key,
		  const struct place *place)
{
	struct entry *entry;

	if (table->count == table->room) {
		uint32_t room = table->room ? table->room * 2 : 256;
		struct place *grown = realloc(table->places, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		table->places = grown;
		table->room = room;
	}
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->key = *key;
	entry->number = table->count;
	HASH_ADD(hh, table->index, key, sizeof(entry->key), entry);
	table->places[table->count++] = *place;
	return 0;
}

/* main() of one program and of another are compared, but no text may speak for both. */
static void merge(const struct place_table *table, struct place *place,
		  const struct place *other, bool is_program)
{
	bool is_shared =
		table->across_builds && is_program && place->module != other->module;

	if (!is_shared && !place->file) {
		place->file = other->file;
		place->line = other->line;
	}
	if (!is_shared)
		return;
	place->module = "";
	if (!place->file || !other->file ||
	    strcmp(text_base(place->file), text_base(other->file)) != 0) {
		place->file = NULL;
		place->line = 0;
	}
}

int place_table_add(struct place_table *table, const struct place *place, bool by_line,
		    bool is_program, uint32_t *ret_number)
{
	struct string_pool *strings = table->strings;
	struct place kept = { string_pool_keep(strings, place->function),
			      string_pool_keep(strings, place->file),
			      string_pool_keep(strings, place->module), place->line,
			      place->start_line };
	struct entry *entry;
	struct key key;

	memset(&key, 0, sizeof(key)); /* hashed with its padding */
	key.function = kept.function;
	kept.same_module = module_key(table, place->module, is_program);
	key.module = kept.same_module;
	if (by_line) {
		key.file = file_key(table, kept.file);
		key.line = kept.line;
	}
	if (!key.function || !key.module || !kept.module ||
	    (place->file && (!kept.file || (by_line && !key.file))))
		return -ENOMEM;
	HASH_FIND(hh, table->index, &key, sizeof(key), entry);
	*ret_number = entry ? entry->number : table->count;
	if (!entry)
		return append(table, &key, &kept);
	merge(table, &table->places[entry->number], &kept, is_program);
	return 0;
}

uint32_t place_table_count(const struct place_table *table)
{
	return table->count;
}

const struct place *place_table_get(const struct place_table *table, uint32_t number)
{
	return &table->places[number];
}

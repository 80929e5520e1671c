/*
 * map-per-message - a hash map is built for the fields of each message
 *
 * Convenient, and a dozen allocations for fields whose names are known.
 */
#include <string.h>
#include <uthash.h>

#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"

#undef uthash_malloc
#define uthash_malloc(size) memory_alloc(size)

struct field {
	const char *name;
	char *value;
	UT_hash_handle hh;
};

static void put(struct field **map, const char *name, struct view v)
{
	struct field *field = memory_zero(1, sizeof(*field));

	if (field == NULL)
		return;
	field->name = name;
	field->value = memory_strndup(v.len == 0 ? "" : v.at, v.len);
	HASH_ADD_KEYPTR(hh, *map, field->name, strlen(field->name), field);
}

static void decoded(const struct row *row)
{
	struct field *map = NULL, *field, *next;

	put(&map, "customer", row->event.customer);
	put(&map, "country", row->event.country);
	put(&map, "currency", row->event.currency);
	put(&map, "status", row->event.status);
	put(&map, "note", row->event.note);
	HASH_ITER(hh, map, field, next)
	{
		HASH_DEL(map, field);
		free(field->value);
		free(field);
	}
}

const struct fault fault_map_per_message = {
	.name = "map-per-message",
	.what = "a hash map of the fields is built and thrown away for each message",
	.expect = "put() leads alloc_objects with a dozen a message, nothing stays live",
	.decoded = decoded,
};

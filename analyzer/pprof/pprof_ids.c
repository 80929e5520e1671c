/*
 * pprof_ids - from the ids of a pprof profile to indices
 *
 * Open addressing in a table that is never more than half full.
 */
#include "analyzer/pprof/pprof_ids.h"

#include <errno.h>
#include <stdlib.h>

struct pprof_id {
	uint64_t id; /* 0: empty */
	uint32_t index;
};

int pprof_ids_init(struct pprof_ids *ids, size_t count)
{
	ids->size = 16;
	while (ids->size < count * 2)
		ids->size *= 2;
	ids->table = calloc(ids->size, sizeof(*ids->table));
	return ids->table ? 0 : -ENOMEM;
}

void pprof_ids_done(struct pprof_ids *ids)
{
	free(ids->table);
	ids->table = NULL;
	ids->size = 0;
}

static size_t slot_of(const struct pprof_ids *ids, uint64_t id)
{
	uint64_t mixed = id * 0x9e3779b97f4a7c15ull;
	size_t at = (size_t)(mixed ^ mixed >> 31) & (ids->size - 1);

	while (ids->table[at].id && ids->table[at].id != id)
		at = (at + 1) & (ids->size - 1);
	return at;
}

void pprof_ids_add(struct pprof_ids *ids, uint64_t id, uint32_t index)
{
	size_t at = slot_of(ids, id);

	if (id && !ids->table[at].id)
		ids->table[at] = (struct pprof_id){ id, index };
}

uint32_t pprof_ids_find(const struct pprof_ids *ids, uint64_t id)
{
	size_t at = slot_of(ids, id);

	return id && ids->table[at].id ? ids->table[at].index : PPROF_ID_NONE;
}

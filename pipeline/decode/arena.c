/*
 * arena - memory for one batch, given back as a whole
 *
 * One block of fixed size that reset rewinds. A batch of unusual messages may
 * need more: those requests become single mallocs on a list (spills) up to a bound,
 * which belongs to each message: one that takes too much must not cost its neighbours
 * theirs. So a slot is at most its block and what its messages are allowed.
 */
#include "pipeline/decode/arena.h"

#include <errno.h>
#include <stdlib.h>

#include "pipeline/base/memory.h"

struct arena_spill {
	struct arena_spill *next;
	_Alignas(16) uint8_t bytes[];
};

int arena_init(struct arena *a, size_t size)
{
	*a = (struct arena){ .block = memory_alloc(size),
			     .size = size,
			     .spill_max = ARENA_SPILL_MAX };
	return a->block == NULL ? -ENOMEM : 0;
}

static void drop_spills(struct arena *a)
{
	while (a->spills != NULL) {
		struct arena_spill *spill = a->spills;

		a->spills = spill->next;
		free(spill);
	}
	a->spilled = 0;
}

void arena_done(struct arena *a)
{
	drop_spills(a);
	free(a->block);
	*a = (struct arena){ 0 };
}

void arena_reset(struct arena *a)
{
	a->used = 0;
	if (a->spills != NULL)
		drop_spills(a);
}

void *arena_spill(struct arena *a, size_t size)
{
	struct arena_spill *spill;

	if (size > a->spill_max - a->spilled)
		return NULL;
	spill = memory_alloc(sizeof(*spill) + size);
	if (spill == NULL)
		return NULL;
	spill->next = a->spills;
	a->spills = spill;
	a->spilled += size;
	a->spill_count++;
	return spill->bytes;
}

/*
 * arena - memory for one batch, given back as a whole
 *
 * Contract
 *   - arena_alloc() never fails for less than ARENA_SPILL_MAX in all, or than what
 *     arena_allow() has set, and returns 16-byte aligned memory that is valid until
 *     arena_reset();
 *   - within its first block it makes no allocation; past it each spill is one
 *     malloc, counted, freed by the next reset: steady state spills nothing;
 *   - one thread at a time; the belt hands an arena over with its slot.
 */
#ifndef PIPELINE_ARENA_H
#define PIPELINE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_SPILL_MAX ((size_t)4 << 20) /* unless arena_allow() says otherwise */

struct arena_spill;

struct arena {
	uint8_t *block;
	size_t size, used;
	struct arena_spill *spills;
	size_t spilled, spill_max;
	uint64_t spill_count; /* since the start: a block that is too small shows here */
};

int arena_init(struct arena *a, size_t size);
void arena_done(struct arena *a);
void arena_reset(struct arena *a);
void *arena_spill(struct arena *a, size_t size);

/* So many bytes may spill from here on: what the next message is entitled to, whatever
 * those before it took. */
static inline void arena_allow(struct arena *a, size_t bytes)
{
	a->spill_max = a->spilled + bytes;
}

static inline void *arena_alloc(struct arena *a, size_t size)
{
	size_t need = (size + 15) & ~(size_t)15;
	void *at;

	if (need > a->size - a->used)
		return arena_spill(a, need);
	at = a->block + a->used;
	a->used += need;
	return at;
}

#endif

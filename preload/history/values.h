/*
 * values - the four sums of a site, as the history keeps them
 *
 * One writer; a reader outside may look at any moment, so each store is a release and the
 * order of stores is that of segment_history.h (H1 to H5).
 */
#ifndef PRELOAD_VALUES_H
#define PRELOAD_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/segment.h>

static inline void values_store_word(uint64_t *to, uint64_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}

static inline void values_store(struct heapring_values *to,
				const struct heapring_values *from)
{
	values_store_word(&to->allocs, from->allocs);
	values_store_word(&to->alloc_bytes, from->alloc_bytes);
	values_store_word(&to->frees, from->frees);
	values_store_word(&to->free_bytes, from->free_bytes);
}

static inline struct heapring_values values_changes(const struct heapring_values *now,
						    const struct heapring_values *before)
{
	return (struct heapring_values){
		.allocs = now->allocs - before->allocs,
		.alloc_bytes = now->alloc_bytes - before->alloc_bytes,
		.frees = now->frees - before->frees,
		.free_bytes = now->free_bytes - before->free_bytes,
	};
}

static inline bool values_are_none(const struct heapring_values *v)
{
	return (v->allocs | v->alloc_bytes | v->frees | v->free_bytes) == 0;
}

#endif

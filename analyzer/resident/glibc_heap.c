#include "analyzer/resident/glibc_heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/machine/process_words.h"

#define PAGE 4096u
#define HEAP_MAX                                                                         \
	(64ull << 20) /* of an arena that is not the main one; and its alignment */
#define CHUNK_MIN 32u
#define CHUNK_FLAGS 7ull
#define IN_USE 1ull /* of the chunk before */
#define NOT_MAIN 4ull
#define END_MAX 64u     /* a heap that is full ends with two fences */
#define FIRST_MAX 4096u /* chunks begin within so much of a heap: behind its records */
#define RECORD_BYTES 0x20u
#define ATTEMPTS 3u

struct chain {
	uint64_t used, free, top;
};

struct search {
	struct resident_pages *pages;
	struct address_space *space;
	struct process_words words;
	struct glibc_heap found;
	uint64_t most_free; /* of one heap */
};

static uint64_t size_at(struct search *search, uint64_t chunk)
{
	return process_word(&search->words, chunk + 8);
}

/*
 * Follows the chunks of [at, end). False: they do not end there. A heap may hold a
 * hundred million of them; each is at least CHUNK_MIN further.
 */
static bool follow(struct search *search, uint64_t at, uint64_t end, struct chain *ret)
{
	struct chain chain = { 0 };

	while (at + END_MAX <= end) {
		uint64_t bytes = size_at(search, at) & ~CHUNK_FLAGS, next = at + bytes;
		uint64_t resident;

		if (bytes < CHUNK_MIN || bytes % 16 != 0 || bytes > end - at)
			return false;
		resident = resident_bytes(search->pages, at, next);
		if (next == end)
			chain.top += resident;
		else if (size_at(search, next) & IN_USE)
			chain.used += resident;
		else
			chain.free += resident;
		at = next;
	}
	*ret = chain;
	return at <= end;
}

static void forget_words(struct search *search)
{
	search->words.bytes = 0;
}

/* Of the main arena: chunks begin at once. */
static bool follow_main(struct search *search, uint64_t from, uint64_t end,
			struct chain *ret)
{
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		forget_words(search);
		if (follow(search, from, end, ret))
			return true;
	}
	return false;
}

static void add_chain(struct search *search, const struct chain *chain)
{
	search->found.used += chain->used;
	search->found.free += chain->free;
	search->found.top += chain->top;
	search->found.spread += chain->free + chain->top;
	if (chain->free + chain->top > search->most_free)
		search->most_free = chain->free + chain->top;
}

/* The first size that may be one, and whose chain ends rightly; 0: none does. */
static uint64_t first_chunk(struct search *search, uint64_t heap, uint64_t end,
			    struct chain *ret)
{
	for (uint64_t at = heap + RECORD_BYTES; at < heap + FIRST_MAX && at < end;
	     at += 16) {
		uint64_t size = size_at(search, at);

		if ((size & IN_USE) && (size & ~CHUNK_FLAGS) >= CHUNK_MIN &&
		    ((size & NOT_MAIN) || at + (size & ~CHUNK_FLAGS) == end) &&
		    follow(search, at, end, ret))
			return at;
	}
	return 0;
}

/* As struct heap_info has it: arena, the heap before, size, size that may be touched. */
static bool is_heap(struct search *search, uint64_t heap, uint64_t *ret_bytes,
		    bool *ret_first)
{
	uint64_t arena = process_word(&search->words, heap);
	uint64_t before = process_word(&search->words, heap + 8);
	uint64_t bytes = process_word(&search->words, heap + 16);
	uint64_t touched = process_word(&search->words, heap + 24);
	uint64_t home = arena & ~(HEAP_MAX - 1);

	*ret_bytes = bytes;
	*ret_first = before == 0;
	return bytes >= PAGE && bytes <= HEAP_MAX && bytes % PAGE == 0 &&
	       touched >= bytes && touched <= HEAP_MAX && before % HEAP_MAX == 0 &&
	       arena - home < PAGE && (before != 0 || home == heap);
}

static int claim_heap(struct search *search, uint64_t heap)
{
	struct chain chain;
	uint64_t bytes, first = 0;
	bool is_first;
	int r;

	forget_words(search);
	if (!is_heap(search, heap, &bytes, &is_first))
		return 0;
	for (unsigned i = 0; first == 0 && i < ATTEMPTS; i++) {
		forget_words(search);
		first = first_chunk(search, heap, heap + bytes, &chain);
	}
	search->found.heaps++;
	search->found.arenas += is_first;
	if (first > 0)
		add_chain(search, &chain);
	else
		search->found.broken += resident_bytes(search->pages, heap, heap + bytes);
	r = first > 0 ? address_space_claim(search->space, heap, first, SPACE_TABLES, 0)
		      : 0;
	return r < 0 ? r
		     : address_space_claim(search->space, heap, heap + bytes, SPACE_HEAP,
					   0);
}

/* Several heaps may lie in one area. */
static int claim_heaps(struct search *search, const struct memory_area *area)
{
	uint64_t at = (area->from + HEAP_MAX - 1) & ~(HEAP_MAX - 1);
	int r = 0;

	for (; r == 0 && at < area->to; at += HEAP_MAX)
		if (resident_bytes(search->pages, at, at + PAGE) > 0)
			r = claim_heap(search, at);
	return r;
}

static void add_main(struct search *search, const struct memory_area *area)
{
	struct chain chain;

	search->found.heaps++;
	search->found.arenas++;
	if (follow_main(search, area->from, area->to, &chain))
		add_chain(search, &chain);
	else
		search->found.broken += area->resident;
}

int glibc_heap_claim(uint32_t pid, const struct memory_map *map,
		     struct resident_pages *pages, struct address_space *space,
		     struct glibc_heap *ret_heap)
{
	struct search *search = calloc(1, sizeof(*search));
	int r = 0;

	memset(ret_heap, 0, sizeof(*ret_heap));
	if (!search)
		return -ENOMEM;
	search->pages = pages;
	search->space = space;
	search->words.pid = pid;
	for (size_t i = 0; r == 0 && i < map->count; i++) {
		const struct memory_area *area = &map->areas[i];

		if (!area->is_writable || area->is_file || area->resident == 0)
			continue;
		if (strcmp(area->path, "[heap]") == 0)
			add_main(search, area);
		else if (*area->path == '\0' && !area->is_shared &&
			 area->to - area->from < RESIDENT_AREA_MAX)
			r = claim_heaps(search, area);
	}
	search->found.spread -= search->most_free;
	*ret_heap = search->found;
	free(search);
	return r;
}

#include "preload/allocator/live_table.h"

#include "preload/platform/os_linux.h"

#define ADDRESS_BITS 47u /* user addresses; a block above stays untracked */
#define FLAT_BYTES ((size_t)1 << (ADDRESS_BITS - 2))
#define LEAF_HEAP_BITS 26u
#define LEAF_WORDS ((size_t)1 << (LEAF_HEAP_BITS - 4))
/* a block that starts near the end of a leaf keeps its last words behind it */
#define LEAF_BYTES ((LEAF_WORDS + 5) * sizeof(uint32_t))
#define ROOT_BYTES (((size_t)1 << (ADDRESS_BITS - LEAF_HEAP_BITS)) * sizeof(uint32_t *))

struct live_table live_tables[2];
bool live_small_born;

static bool table_init(struct live_table *table)
{
	if (table->flat == NULL && table->leaf == NULL)
		table->flat = os_reserve(FLAT_BYTES, false);
	if (table->flat == NULL && table->leaf == NULL)
		table->leaf = os_reserve(ROOT_BYTES, false);
	return table->flat != NULL || table->leaf != NULL;
}

bool live_table_init(bool odd)
{
	return table_init(&live_tables[0]) && (!odd || table_init(&live_tables[1]));
}

uint32_t *live_word_by_leaf(const void *addr)
{
	uintptr_t at = (uintptr_t)addr;
	uint32_t **root = live_tables[(at >> 3) & 1].leaf;
	uint32_t *leaf;

	if (root == NULL || at >> ADDRESS_BITS != 0)
		return NULL;
	/* acquire: the leaf was zeroed by the kernel before it was linked */
	leaf = __atomic_load_n(&root[at >> LEAF_HEAP_BITS], __ATOMIC_ACQUIRE);
	return leaf == NULL ? NULL : leaf + ((at >> 4) & (LEAF_WORDS - 1));
}

void live_put_huge(uint32_t *word, uint64_t size)
{
	word[2] = LIVE_WORD;
	word[3] = (uint32_t)size & LIVE_WORD;
	word[4] = (uint32_t)(size >> 31);
}

/* Long without born: see the file head of live_table.h. */
void live_put_sampled(uint32_t *word, uint32_t site, uint64_t size, uint32_t now_ms)
{
	if (size <= LIVE_SIZE_MAX) {
		word[0] = LIVE_HEAD | (uint32_t)size << LIVE_SIZE_SHIFT | site;
		return;
	}
	word[1] = now_ms;
	word[2] = (uint32_t)size;
	if (size >= LIVE_WORD)
		live_put_huge(word, size);
	word[0] = LIVE_HEAD | LIVE_LONG | site;
}

struct live_block live_take(uint32_t *word)
{
	uint32_t head = word[0];
	struct live_block block = { .site = 0, .born_ms = LIVE_UNBORN };

	if ((head & LIVE_HEAD) == 0)
		return block;
	block.site = head & LIVE_SITE;
	block.size = head >> LIVE_SIZE_SHIFT & 63;
	block.sampled = (head & LIVE_BORN) == 0;
	word[0] = 0;
	if ((head & (LIVE_BORN | LIVE_LONG)) != 0) {
		block.born_ms = word[1];
		word[1] = 0;
	}
	if ((head & LIVE_LONG) != 0) {
		block.size = word[2];
		word[2] = 0;
	}
	if (block.size == LIVE_WORD) {
		block.size = word[3] | (uint64_t)word[4] << 31;
		word[3] = word[4] = 0;
	}
	return block;
}

uint8_t live_filter[LIVE_FILTER_BYTES];

/* A byte that reached this stays: it no longer counts, it only says maybe. Far
 * enough below 255 for every thread to be adding at once. */
#define FILTER_FULL 128u

void live_filter_add(const void *block)
{
	uint8_t *byte = live_filter_of(block);

	if (__atomic_load_n(byte, __ATOMIC_RELAXED) < FILTER_FULL)
		__atomic_fetch_add(byte, 1, __ATOMIC_RELAXED);
}

void live_filter_remove(const void *block)
{
	uint8_t *byte = live_filter_of(block);
	uint8_t have = __atomic_load_n(byte, __ATOMIC_RELAXED);

	while (have != 0 && have < FILTER_FULL &&
	       !__atomic_compare_exchange_n(byte, &have, have - 1, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED))
		;
}

void live_filter_fill(void)
{
	/* once is enough: full bytes stay. Acquire: who finds it done, has the bytes */
	static bool filled;

	if (__atomic_load_n(&filled, __ATOMIC_ACQUIRE))
		return;
	memset(live_filter, 255, sizeof live_filter);
	__atomic_store_n(&filled, true, __ATOMIC_RELEASE);
}

/* Two threads may race to make a leaf: the loser gives its own back. */
uint32_t *live_word_make(const void *addr)
{
	uintptr_t at = (uintptr_t)addr;
	struct live_table *table = &live_tables[(at >> 3) & 1];
	uint32_t *made, *none = NULL;

	if (at >> ADDRESS_BITS != 0)
		return NULL;
	if (live_word(addr) == NULL) {
		uint32_t **root = table->leaf;

		if (root == NULL)
			return NULL;
		made = os_reserve(LEAF_BYTES, false);
		if (made == NULL)
			return NULL;
		if (!__atomic_compare_exchange_n(&root[at >> LEAF_HEAP_BITS], &none, made,
						 false, __ATOMIC_RELEASE,
						 __ATOMIC_RELAXED))
			os_release(made, LEAF_BYTES);
	}
	return live_word(addr);
}

/*
 * live_table - address of a block -> its site, size and birth
 *
 * Why it exists: free() gets an address and must know, without a lock and
 * without a hash, which site to credit.
 *
 * Shape. A shadow of the address space: for every 16-byte granule one 32-bit
 * word. A block uses the words of the granules that it covers for itself, so
 * the table costs a quarter of the heap's bytes at most and nothing elsewhere:
 *
 *   word 0    always       head (1) | born (1) | long (1) | size (6) | site (23)
 *   word 1    if born      birth, 31 bits of milliseconds
 *   word 2    if long      size, 31 bits; all ones: it is in words 3 and 4
 *   word 3,4  2 GiB up     size, low and high 31 bits
 *
 * A block of up to 32 bytes keeps its size in word 0. Blocks of 17 bytes up are
 * born and those of 33 up are long, for they cover the granules of the words
 * that they need. Words 1 and up have the head bit clear, so that a head is
 * never mistaken. Under an allocator whose blocks are never smaller than two
 * granules (glibc) a block of 1..16 bytes is born as well.
 * A sampled block is never marked born, so that the fast path, which takes every
 * born block for an exact one, leaves it alone: long without born means sampled
 * (its birth is in word 1 all the same); neither, and the full path asks the site.
 *
 * The filter. When sampling, nearly every free is of a block that was not
 * recorded. One byte for each page of the address space, modulo 256 MiB, counts
 * the recorded blocks there; a zero byte answers without touching the shadow.
 *
 * Addresses that are 8 mod 16 (jemalloc, tcmalloc, mimalloc) have a second
 * shadow of the same shape. Both are reserved before the first block: made when
 * the first such block appeared, two threads could meet there and lose one.
 *
 * Where the address space for the shadow cannot be had (RLIMIT_AS, overcommit
 * 2), the shadow is made of leaves of 64 MiB of heap each, mapped when first
 * written; then live_word() returns NULL for an address without a leaf.
 *
 * Ordering: an entry is written by the thread that got the block from the
 * allocator and read by the thread that frees it; the program itself orders
 * the two, so every access is relaxed. A reader outside may see a torn block;
 * it validates what it reads.
 */
#ifndef PRELOAD_LIVE_TABLE_H
#define PRELOAD_LIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LIVE_HEAD 0x80000000u
#define LIVE_BORN 0x40000000u
#define LIVE_LONG 0x20000000u
#define LIVE_SITE 0x007fffffu
#define LIVE_SIZE_SHIFT 23u
#define LIVE_SIZE_MAX 32u     /* kept in word 0 */
#define LIVE_WORD 0x7fffffffu /* what a word other than 0 may hold */
#define LIVE_UNBORN UINT32_MAX

struct live_table {
	char *flat;      /* shadow of address 0; NULL: leaves */
	uint32_t **leaf; /* by address / LIVE_LEAF_BYTES; NULL: no table at all */
};

/* [0] for addresses at 0 mod 16, [1] for those at 8 mod 16; constant after
 * live_table_init(). */
extern struct live_table live_tables[2] __attribute__((visibility("hidden")));
/* blocks of 1..16 bytes own two granules */
extern bool live_small_born __attribute__((visibility("hidden")));

struct live_block {
	uint32_t site;    /* 0: no block is recorded at the address */
	uint32_t born_ms; /* LIVE_UNBORN: not known */
	bool sampled;
	uint64_t size;
};

/* odd: for blocks at 8 mod 16 too. False when not even the leaves could be
 * reserved: nothing can be tracked. */
bool live_table_init(bool odd);

/* The slow path of live_word(): makes a leaf. NULL: this block stays untracked. */
uint32_t *live_word_make(const void *addr);

/* The word of an address, or NULL when its part of the shadow does not exist. */
uint32_t *live_word_by_leaf(const void *addr);

static inline __attribute__((always_inline)) uint32_t *live_word(const void *addr)
{
	uintptr_t at = (uintptr_t)addr;
	const struct live_table *table = &live_tables[(at >> 3) & 1];

	if (__builtin_expect(table->flat != NULL, 1))
		return (uint32_t *)(table->flat + ((at >> 4) << 2));
	return live_word_by_leaf(addr);
}

/* Words 0 and 1 in one store, so that a later load of either is forwarded. */
static inline __attribute__((always_inline)) void live_store_two(uint32_t *word,
								 uint32_t w0, uint32_t w1)
{
	uint64_t both = (uint64_t)w1 << 32 | w0;

	memcpy(word, &both, sizeof both);
}

/* The part of live_put() for sizes of 2 GiB up. */
void live_put_huge(uint32_t *word, uint64_t size);

/*
 * Writes what lies behind the head, for a block that will be put there. Done
 * before the head is read: a first touch that writes costs one page fault, one
 * that reads and then writes costs two.
 */
static inline __attribute__((always_inline)) void
live_touch(uint32_t *word, uint64_t size, uint32_t now_ms)
{
	if (__builtin_expect(size > 16 || live_small_born, 1))
		word[1] = now_ms;
	__asm__ volatile("" ::: "memory"); /* the compiler may not read first */
}

/* Blocks of these sizes have words 0 to 2 and no more. */
static inline __attribute__((always_inline)) bool live_is_long(uint64_t size)
{
	return size - (LIVE_SIZE_MAX + 1) < LIVE_WORD - (LIVE_SIZE_MAX + 1);
}

/* For a block with live_is_long(), after live_touch(). */
static inline __attribute__((always_inline)) void
live_put_long(uint32_t *word, uint32_t site, uint64_t size)
{
	word[2] = (uint32_t)size;
	word[0] = LIVE_HEAD | LIVE_BORN | LIVE_LONG | site;
}

/* A block whose size fits into word 0. */
static inline __attribute__((always_inline)) void
live_put_short(uint32_t *word, uint32_t site, uint64_t size)
{
	uint32_t head = LIVE_HEAD | site | (uint32_t)size << LIVE_SIZE_SHIFT;

	if (size > 16 || live_small_born)
		head |= LIVE_BORN;
	word[0] = head;
}

/* Any block. After live_touch(). now_ms has 31 bits. */
static inline __attribute__((always_inline)) void live_put(uint32_t *word, uint32_t site,
							   uint64_t size)
{
	if (__builtin_expect(live_is_long(size), 1)) {
		live_put_long(word, site, size);
	} else if (size <= LIVE_SIZE_MAX) {
		live_put_short(word, site, size);
	} else {
		live_put_huge(word, size);
		live_put_long(word, site, LIVE_WORD);
	}
}

/* live_put() for a block recorded as a sample. */
void live_put_sampled(uint32_t *word, uint32_t site, uint64_t size, uint32_t now_ms);

/* Removes and returns the block at word; site 0 when there is none. */
struct live_block live_take(uint32_t *word);

#define LIVE_FILTER_BYTES 65536u
extern uint8_t live_filter[LIVE_FILTER_BYTES] __attribute__((visibility("hidden")));

static inline __attribute__((always_inline)) uint8_t *live_filter_of(const void *block)
{
	return &live_filter[((uintptr_t)block >> 12) % LIVE_FILTER_BYTES];
}

/* False: no sampled block is recorded at this address. */
static inline __attribute__((always_inline)) bool live_may_hold(const void *block)
{
	return *live_filter_of(block) != 0;
}

void live_filter_add(const void *block);
void live_filter_remove(const void *block);

/* From now on every address may hold a block. */
void live_filter_fill(void);

#endif

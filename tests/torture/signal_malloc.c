/*
 * signal_malloc - an allocator that a signal handler may call anywhere
 *
 * Preloaded below the shim. The C library's allocator must not be entered from a
 * handler that interrupted it, so with it no handler could ever interrupt the
 * shim and allocate. This one takes no lock: classes of powers of two, each a
 * stack of free blocks in one reserved arena. A stack's head is one word, the
 * index of its first block and a count of changes (against ABA).
 *
 * SIGNAL_MALLOC_ODD in the environment: blocks below 16 bytes lie at 8 mod 16.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define UNIT 64u    /* bytes of the smallest class */
#define CLASSES 22u /* 64 B .. 128 MiB */
#define ARENA ((size_t)1 << 37)

/* Lies right below what the program gets. */
struct head {
	uint32_t class; /* its block begins `back` bytes below the end of this */
	uint32_t back;
};

static char *arena;
static uint64_t arena_used;         /* in UNITs */
static uint64_t free_head[CLASSES]; /* change count << 32 | index in UNITs; 0 none */

static char *at_index(uint32_t index)
{
	return arena + (size_t)index * UNIT;
}

static void start(void)
{
	char *mem, *none = NULL;

	if (__atomic_load_n(&arena, __ATOMIC_ACQUIRE) != NULL)
		return;
	mem = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		abort();
	if (!__atomic_compare_exchange_n(&arena, &none, mem, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		munmap(mem, ARENA);
}

static uint32_t pop(uint32_t class)
{
	uint64_t head = __atomic_load_n(&free_head[class], __ATOMIC_ACQUIRE), next;

	do {
		if ((uint32_t)head == 0)
			return 0;
		/* a stale index still points into the arena, whose pages stay */
		next = ((head >> 32) + 1) << 32 |
		       __atomic_load_n((uint32_t *)at_index((uint32_t)head),
				       __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(&free_head[class], &head, next, true,
					      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return (uint32_t)head;
}

static void push(uint32_t class, uint32_t index)
{
	uint64_t head = __atomic_load_n(&free_head[class], __ATOMIC_RELAXED), next;

	do {
		__atomic_store_n((uint32_t *)at_index(index), (uint32_t)head,
				 __ATOMIC_RELAXED);
		next = ((head >> 32) + 1) << 32 | index;
	} while (!__atomic_compare_exchange_n(&free_head[class], &head, next, true,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

static uint32_t fresh(uint32_t class)
{
	uint64_t units = 1ull << class;
	uint64_t index = __atomic_fetch_add(&arena_used, units, __ATOMIC_RELAXED) + 1;

	return (index + units) * UNIT <= ARENA ? (uint32_t)index : 0;
}

static bool is_odd(void)
{
	static int odd = -1;

	if (odd < 0 && environ != NULL)
		odd = getenv("SIGNAL_MALLOC_ODD") != NULL;
	return odd > 0;
}

static void *allocate(size_t align, size_t size)
{
	size_t need = size + sizeof(struct head) + 16 + (align > 16 ? align : 0);
	uint32_t class = 0, index;
	uintptr_t block, at;

	if (need >= (size_t)UNIT << (CLASSES - 1)) {
		errno = ENOMEM;
		return NULL;
	}
	start();
	while ((size_t)UNIT << class < need)
		class ++;
	index = pop(class);
	if (index == 0)
		index = fresh(class);
	if (index == 0)
		abort();
	block = (uintptr_t)at_index(index);
	at = (block + sizeof(struct head) + align - 1) & ~(uintptr_t)(align - 1);
	if (align <= 16 && size < 16 && is_odd())
		at += 8;
	((struct head *)at)[-1] = (struct head){ class, (uint32_t)(at - block) };
	return (void *)at;
}

static size_t room(const void *block)
{
	const struct head *head = (const struct head *)block - 1;

	return ((size_t)UNIT << head->class) - head->back;
}

void *malloc(size_t size)
{
	return allocate(16, size);
}

void free(void *block)
{
	const struct head *head = (const struct head *)block - 1;

	if (block != NULL)
		push(head->class,
		     (uint32_t)(((char *)block - head->back - arena) / UNIT));
}

void *calloc(size_t n, size_t size)
{
	size_t total;
	void *block;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	block = allocate(16, total);
	return block == NULL ? NULL : memset(block, 0, total);
}

void *realloc(void *block, size_t size)
{
	void *moved;

	if (block != NULL && size <= room(block))
		return block;
	moved = allocate(16, size);
	if (moved != NULL && block != NULL) {
		memcpy(moved, block, room(block));
		free(block);
	}
	return moved;
}

int posix_memalign(void **ret_block, size_t align, size_t size)
{
	*ret_block = allocate(align, size);
	return *ret_block == NULL ? ENOMEM : 0;
}

void *aligned_alloc(size_t align, size_t size)
{
	return allocate(align, size);
}

void *memalign(size_t align, size_t size);
void *memalign(size_t align, size_t size)
{
	return allocate(align, size);
}

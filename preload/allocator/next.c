/*
 * next - resolved once, through an arena for what resolving allocates
 *
 * dlsym may call calloc, which is ours and not resolved yet. While one thread
 * resolves, every allocation of the process (there is normally one thread then)
 * comes from the arena. The arena's blocks carry their size in front, for
 * realloc.
 */
#include "preload/allocator/next.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/allocator/live_table.h"
#include "preload/platform/os_modules.h"

#define ALIGN 16u

_Alignas(ALIGN) char next_arena[NEXT_ARENA_BYTES];
static size_t arena_used;

static void *arena_alloc(size_t size)
{
	size_t need = (size + 2 * ALIGN - 1) & ~(size_t)(ALIGN - 1);
	size_t at;

	if (size > NEXT_ARENA_BYTES)
		return NULL;
	at = __atomic_fetch_add(&arena_used, need, __ATOMIC_RELAXED);
	if (at + need > NEXT_ARENA_BYTES)
		return NULL;
	*(size_t *)(next_arena + at) = size;
	return next_arena + at + ALIGN;
}

static size_t arena_size(const void *block)
{
	return *(const size_t *)((const char *)block - ALIGN);
}

static bool resolving; /* one-way per resolution: set by the thread that resolves */

static bool must_use_arena(void)
{
	if (__atomic_load_n(&resolving, __ATOMIC_ACQUIRE))
		return true;
	next_resolve();
	return false;
}

static void *first_malloc(size_t size)
{
	return must_use_arena() ? arena_alloc(size) : next.malloc(size);
}

static void first_free(void *block)
{
	if (!next_owns(block) && !must_use_arena())
		next.free(block);
}

static void *first_calloc(size_t n, size_t size)
{
	size_t total;

	if (!must_use_arena())
		return next.calloc(n, size);
	/* the arena is static: zeroed, and never used twice */
	return __builtin_mul_overflow(n, size, &total) ? NULL : arena_alloc(total);
}

static void *first_realloc(void *block, size_t size)
{
	void *moved;

	if (!must_use_arena())
		return next.realloc(block, size);
	moved = arena_alloc(size);
	if (moved != NULL && block != NULL)
		memcpy(moved, block, arena_size(block) < size ? arena_size(block) : size);
	return moved;
}

static void *first_memalign(size_t align, size_t size)
{
	return must_use_arena() ? NULL : next.memalign(align, size);
}

static int first_posix_memalign(void **ret, size_t align, size_t size)
{
	return must_use_arena() ? ENOMEM : next.posix_memalign(ret, align, size);
}

static void *first_aligned_alloc(size_t align, size_t size)
{
	return must_use_arena() ? NULL : next.aligned_alloc(align, size);
}

static void *first_valloc(size_t size)
{
	return must_use_arena() ? NULL : next.valloc(size);
}

static void *first_pvalloc(size_t size)
{
	return must_use_arena() ? NULL : next.pvalloc(size);
}

struct next next = {
	.malloc = first_malloc,
	.free = first_free,
	.calloc = first_calloc,
	.realloc = first_realloc,
	.memalign = first_memalign,
	.posix_memalign = first_posix_memalign,
	.aligned_alloc = first_aligned_alloc,
	.valloc = first_valloc,
	.pvalloc = first_pvalloc,
};

/* For allocators without them (valloc and pvalloc are gone from some). */
static void *composed_aligned(size_t align, size_t size)
{
	void *block = NULL;
	int error = next.posix_memalign(&block, align < 8 ? 8 : align, size);

	if (error != 0) {
		errno = error;
		return NULL;
	}
	return block;
}

static void *composed_valloc(size_t size)
{
	return composed_aligned(4096, size);
}

static void *composed_pvalloc(size_t size)
{
	return composed_aligned(4096, (size + 4095) & ~(size_t)4095);
}

void next_guard(void)
{
	for (size_t at = 0; at < sizeof next_arena; at += 4096)
		live_filter_add(next_arena + at);
	live_filter_add(next_arena + sizeof next_arena - 1);
}

void *next_function(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void *or_else(void *found, void *composed)
{
	return found != NULL ? found : composed;
}

static const char *allocator = "", *preceding = "";
uint32_t next_extra(const struct next_extra *extras, uint32_t count, void **ret_function)
{
	for (uint32_t i = 1; i < count; i++) {
		const char *name = extras[i].allocator;

		if (strncmp(next_allocator(), name, strlen(name)) == 0) {
			*ret_function = next_function(extras[i].function);
			return *ret_function != NULL ? i : 0;
		}
	}
	return 0;
}

static struct module_view allocator_object; /* start and end 0: unknown */

bool next_is_allocator(uintptr_t pc)
{
	return pc - allocator_object.start <
	       allocator_object.end - allocator_object.start;
}

/* The loader keeps the name for as long as the object is mapped: for good. */
static const char *object_name(const void *function)
{
	Dl_info info;
	const char *slash;

	if (dladdr(function, &info) == 0 || info.dli_fname == NULL)
		return "";
	slash = strrchr(info.dli_fname, '/');
	return slash == NULL ? info.dli_fname : slash + 1;
}

static void name_allocators(void)
{
	const void *first = dlsym(RTLD_DEFAULT, "malloc");

	os_module_at((uintptr_t)next.malloc, &allocator_object);
	allocator = object_name((const void *)next.malloc);
	/* a program at a fixed address may stand for the malloc whose address it takes */
	if (first != NULL && first != (const void *)malloc)
		preceding = object_name(first);
}

void next_resolve(void)
{
	static bool done;
	struct next found;

	if (done || __atomic_exchange_n(&resolving, true, __ATOMIC_ACQ_REL))
		return;
	found = (struct next){
		.malloc = next_function("malloc"),
		.free = next_function("free"),
		.calloc = next_function("calloc"),
		.realloc = next_function("realloc"),
		.posix_memalign = next_function("posix_memalign"),
		.memalign = or_else(next_function("memalign"), composed_aligned),
		.aligned_alloc =
			or_else(next_function("aligned_alloc"), composed_aligned),
		.valloc = or_else(next_function("valloc"), composed_valloc),
		.pvalloc = or_else(next_function("pvalloc"), composed_pvalloc),
	};
	next = found;
	name_allocators();
	done = true;
	__atomic_store_n(&resolving, false, __ATOMIC_RELEASE);
}

const char *next_allocator(void)
{
	return allocator;
}

const char *next_preceding(void)
{
	return preceding;
}

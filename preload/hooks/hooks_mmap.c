/*
 * hooks_mmap - mmap, mremap and munmap, as the program sees them
 *
 * They pass on, and tell mappings.c when HEAPRING_MMAP asked for it. Calls of the
 * allocator are its own business: what it maps, the program gets as blocks. Until the
 * next definitions are known, and where there are none, the kernel is asked itself:
 * an allocator may map before anything can be resolved.
 */
/* both names are defined here: neither may stand for the other */
#undef _FILE_OFFSET_BITS

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "preload/allocator/next.h"
#include "preload/hooks/hooks.h"
#include "preload/record/mappings.h"
#include "preload/unwind/unwind.h"

#define EXPORT __attribute__((visibility("default")))

static struct {
	void *(*mmap)(void *, size_t, int, int, int, off_t);
	int (*munmap)(void *, size_t);
	void *(*mremap)(void *, size_t, size_t, int, ...);
} real;

void hooks_mmap_resolve(void)
{
	real.mremap =
		(void *(*)(void *, size_t, size_t, int, ...))next_function("mremap");
	real.munmap = (int (*)(void *, size_t))next_function("munmap");
	real.mmap =
		(void *(*)(void *, size_t, int, int, int, off_t))next_function("mmap");
}

static long checked(long ret)
{
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
}

static void *map(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	if (real.mmap != NULL)
		return real.mmap(at, bytes, prot, flags, fd, offset);
	return (void *)checked(
		arch_syscall(SYS_mmap, (long)at, (long)bytes, prot, flags, fd, offset));
}

static int unmap(void *at, size_t bytes)
{
	if (real.munmap != NULL)
		return real.munmap(at, bytes);
	return (int)checked(arch_syscall(SYS_munmap, (long)at, (long)bytes, 0, 0, 0, 0));
}

static void *remap(void *old, size_t old_bytes, size_t bytes, int flags, void *at)
{
	if (real.mremap != NULL)
		return real.mremap(old, old_bytes, bytes, flags, at);
	return (void *)checked(arch_syscall(SYS_mremap, (long)old, (long)old_bytes,
					    (long)bytes, flags, (long)at, 0));
}

static bool concerns(struct frame caller)
{
	return mappings_on && !next_is_allocator(caller.pc);
}

static inline __attribute__((always_inline)) void *mapped(void *hint, size_t bytes,
							  int prot, int flags, int fd,
							  off_t offset,
							  struct frame caller)
{
	void *at = map(hint, bytes, prot, flags, fd, offset);
	bool anonymous = (flags & MAP_ANONYMOUS) != 0;

	/* a file's mapping is of no interest, unless it lies over something */
	if (at != MAP_FAILED && (anonymous || (flags & MAP_FIXED) != 0) &&
	    concerns(caller))
		mappings_mapped(at, bytes, anonymous, caller);
	return at;
}

EXPORT void *mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	return mapped(at, bytes, prot, flags, fd, offset, FRAME_OF_CALLER());
}

#undef mmap64 /* a macro in musl */
void *mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);
EXPORT void *mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	return mapped(at, bytes, prot, flags, fd, offset, FRAME_OF_CALLER());
}

EXPORT int munmap(void *at, size_t bytes)
{
	struct mappings_ticket ticket;
	int ret;

	if (!concerns(FRAME_OF_CALLER()))
		return unmap(at, bytes);
	ticket = mappings_begin();
	ret = unmap(at, bytes);
	mappings_unmapped(ticket, at, ret == 0 ? bytes : 0);
	return ret;
}

EXPORT void *mremap(void *old, size_t old_bytes, size_t bytes, int flags, ...)
{
	struct mappings_ticket ticket;
	void *wanted = NULL, *at;
	va_list more;

	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0) {
		va_start(more, flags);
		wanted = va_arg(more, void *);
		va_end(more);
	}
	if (!concerns(FRAME_OF_CALLER()))
		return remap(old, old_bytes, bytes, flags, wanted);
	ticket = mappings_begin();
	at = remap(old, old_bytes, bytes, flags, wanted);
	if (at == MAP_FAILED)
		mappings_unmapped(ticket, old, 0);
	else
		mappings_moved(ticket, old, old_bytes, (flags & MREMAP_DONTUNMAP) != 0,
			       at, bytes, FRAME_OF_CALLER());
	return at;
}

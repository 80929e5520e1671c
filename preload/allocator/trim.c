#include "preload/allocator/trim.h"

#include <errno.h>
#include <stdbool.h>

#include <heapring/live_memory.h>

#include "preload/allocator/next.h"
#include "preload/allocator/requests.h"
#include "preload/platform/os_linux.h"
#include "preload/process/process.h"
#include "preload/segment/segment_writer.h"

static const struct next_extra functions[] = {
	[HR_TRIM_GLIBC] = { "libc.so", "malloc_trim" },
	[HR_TRIM_TCMALLOC] = { "libtcmalloc", "MallocExtension_ReleaseFreeMemory" },
	[HR_TRIM_JEMALLOC] = { "libjemalloc", "mallctl" },
	[HR_TRIM_MIMALLOC] = { "libmimalloc", "mi_collect" },
};

static enum heapring_trim offer;
static union {
	void *found;
	int (*malloc_trim)(size_t pad);
	void (*release)(void);
	int (*mallctl)(const char *name, void *old, size_t *old_bytes, void *new,
		       size_t new_bytes);
	void (*collect)(bool force);
} call;

void trim_prepare(void)
{
	offer = (enum heapring_trim)next_extra(
		functions, sizeof functions / sizeof functions[0], &call.found);
}

uint32_t trim_offer(void)
{
	return offer;
}

static void trim(void)
{
	int saved = errno;

	switch (offer) {
	case HR_TRIM_GLIBC:
		call.malloc_trim(0);
		break;
	case HR_TRIM_TCMALLOC:
		call.release();
		break;
	case HR_TRIM_JEMALLOC:
		call.mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
		call.mallctl("arena.4096.purge", NULL, NULL, NULL, 0); /* of all arenas */
		break;
	case HR_TRIM_MIMALLOC:
		call.collect(true);
		break;
	case HR_TRIM_NONE:
		break;
	}
	errno = saved;
}

void trim_follow(void)
{
	struct heapring_header *h = segment.header;
	bool may = offer != HR_TRIM_NONE && !process_sandboxed();
	uint32_t number;
	uint64_t start;

	if (!request_take(&h->wanted_trim, &h->trim_taken, &number))
		return;
	start = os_mono_ns();
	if (may)
		trim();
	__atomic_store_n(&h->trim_ns, may ? os_mono_ns() - start : UINT64_MAX,
			 __ATOMIC_RELAXED);
	request_answered(&h->trim_done, number);
}

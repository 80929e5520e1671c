#include "preload/allocator/figures.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <heapring/live_memory.h>

#include "preload/allocator/next.h"
#include "preload/allocator/requests.h"
#include "preload/process/process.h"
#include "preload/segment/segment_writer.h"

#define UNKNOWN UINT64_MAX

/* mallinfo2() came with glibc 2.33; this file is built where it may not be declared. */
struct mallinfo2_layout {
	size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks,
		fordblks, keepcost;
};

static union {
	void *found;
	struct mallinfo2_layout (*mallinfo2)(void);
	int (*property)(const char *name, size_t *value);
	int (*mallctl)(const char *name, void *old, size_t *old_bytes, void *new,
		       size_t new_bytes);
	void (*process_info)(size_t *elapsed, size_t *user, size_t *system, size_t *rss,
			     size_t *peak_rss, size_t *commit, size_t *peak_commit,
			     size_t *faults);
} call;

static void ask_glibc(uint64_t *figure)
{
	struct mallinfo2_layout info = call.mallinfo2();

	figure[HR_FIGURE_IN_USE] = info.uordblks + info.hblkhd;
	figure[HR_FIGURE_CACHED] = info.fsmblks;
	figure[HR_FIGURE_FREE] = info.fordblks - info.fsmblks;
	figure[HR_FIGURE_HELD] = info.arena + info.hblkhd;
}

static uint64_t property(const char *name)
{
	size_t value = 0;

	return call.property(name, &value) ? value : UNKNOWN;
}

static uint64_t minus(uint64_t all, uint64_t part)
{
	return all == UNKNOWN || part == UNKNOWN || part > all ? UNKNOWN : all - part;
}

static uint64_t plus(uint64_t one, uint64_t other)
{
	return one == UNKNOWN || other == UNKNOWN ? UNKNOWN : one + other;
}

static void ask_tcmalloc(uint64_t *figure)
{
	uint64_t unmapped = property("tcmalloc.pageheap_unmapped_bytes");

	figure[HR_FIGURE_IN_USE] = property("generic.current_allocated_bytes");
	figure[HR_FIGURE_CACHED] =
		plus(property("tcmalloc.current_total_thread_cache_bytes"),
		     plus(property("tcmalloc.central_cache_free_bytes"),
			  property("tcmalloc.transfer_cache_free_bytes")));
	figure[HR_FIGURE_FREE] = property("tcmalloc.pageheap_free_bytes");
	figure[HR_FIGURE_HELD] = minus(property("generic.heap_size"), unmapped);
	figure[HR_FIGURE_RETAINED] = unmapped;
}

static uint64_t control(const char *name)
{
	size_t value = 0, bytes = sizeof value;

	return call.mallctl(name, &value, &bytes, NULL, 0) == 0 ? value : UNKNOWN;
}

/* Figures are those of the last epoch; blocks in threads' caches count as allocated. */
static void ask_jemalloc(uint64_t *figure)
{
	uint64_t epoch = 1;
	uint64_t cached, active;

	call.mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
	cached = control("stats.arenas.4096.tcache_bytes"); /* of all arenas */
	active = control("stats.active");
	figure[HR_FIGURE_IN_USE] = control("stats.allocated");
	figure[HR_FIGURE_CACHED] = cached;
	figure[HR_FIGURE_FREE] = minus(active, figure[HR_FIGURE_IN_USE]);
	figure[HR_FIGURE_OWN] = control("stats.metadata");
	figure[HR_FIGURE_HELD] = control("stats.resident");
	figure[HR_FIGURE_RETAINED] = control("stats.retained");
}

static void ask_mimalloc(uint64_t *figure)
{
	size_t ignored[7], commit = 0;

	call.process_info(&ignored[0], &ignored[1], &ignored[2], &ignored[3], &ignored[4],
			  &commit, &ignored[5], &ignored[6]);
	figure[HR_FIGURE_HELD] = commit;
}

static const struct next_extra functions[] = {
	[HR_FIGURES_GLIBC] = { "libc.so", "mallinfo2" },
	[HR_FIGURES_TCMALLOC] = { "libtcmalloc", "MallocExtension_GetNumericProperty" },
	[HR_FIGURES_JEMALLOC] = { "libjemalloc", "mallctl" },
	[HR_FIGURES_MIMALLOC] = { "libmimalloc", "mi_process_info" },
};

static void (*const ask[])(uint64_t *figure) = {
	[HR_FIGURES_GLIBC] = ask_glibc,
	[HR_FIGURES_TCMALLOC] = ask_tcmalloc,
	[HR_FIGURES_JEMALLOC] = ask_jemalloc,
	[HR_FIGURES_MIMALLOC] = ask_mimalloc,
};

static uint32_t offer; /* enum heapring_figures */

void figures_prepare(void)
{
	offer = next_extra(functions, sizeof functions / sizeof functions[0],
			   &call.found);
}

uint32_t figures_offer(void)
{
	return offer;
}

void figures_follow(void)
{
	struct heapring_header *h = segment.header;
	uint64_t figure[sizeof h->figures / sizeof h->figures[0]];
	int saved = errno;
	uint32_t number;

	if (!request_take(&h->wanted_figures, &h->figures_taken, &number))
		return;
	memset(figure, 0xff, sizeof figure); /* UNKNOWN */
	if (offer != HR_FIGURES_NONE && !process_sandboxed())
		ask[offer](figure);
	for (size_t i = 0; i < sizeof figure / sizeof figure[0]; i++)
		__atomic_store_n(&h->figures[i], figure[i], __ATOMIC_RELAXED);
	request_answered(&h->figures_done, number);
	errno = saved;
}

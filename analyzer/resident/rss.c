/*
 * rss - where the resident memory of a live process is: the sum that closes
 *
 * The picture tells whose each page is. Pages of the heap are shared out further by the
 * blocks that lie on them: what was asked for, what the allocator added to that, and the
 * rest, which is free.
 *
 * When the profiler samples, the live table has only the samples, and each stands for as
 * many as its weight says.
 */
#include "analyzer/resident/rss.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/machine/process_memory.h"
#include "analyzer/resident/memory_picture.h"
#include "analyzer/resident/rss_lines.h"

#define BYTES_MAX (1ull << 56)

struct measuring {
	const struct segment *segment;
	struct memory_picture picture;
	struct rss_heap heap;
};

/* As docs/sampling.md: a block of size Z stands for 1/(1-exp(-Z/R)) of its like. */
static double weight_of(const struct measuring *measuring, const struct live_block *block)
{
	const struct segment *segment = measuring->segment;
	uint64_t rate =
		block->site < segment->sites_count ? segment->sites[block->site].rate : 1;

	if (rate <= 1 || block->size == 0)
		return 1;
	return 1 / -expm1(-(double)block->size / (double)rate);
}

static void visit(void *arg, const struct picture_block *block)
{
	struct measuring *measuring = arg;
	struct rss_heap *heap = &measuring->heap;
	struct resident_pages *pages = &measuring->picture.pages;
	uint64_t at = block->live->address, end = at + block->live->size;
	double weight = weight_of(measuring, block->live);

	heap->blocks += weight;
	heap->live += weight * (double)block->live->size;
	heap->live_resident += weight * (double)resident_bytes(pages, at, end);
	heap->slack_resident +=
		weight * (double)resident_bytes(pages, end, at + block->made.usable);
	heap->headers_resident +=
		weight * (double)resident_bytes(pages, at - block->made.before, at);
}

/* Weights may come from a damaged file; whole bytes from here on. */
static void bound(double *bytes)
{
	*bytes = *bytes < 0 ? 0 : *bytes < (double)BYTES_MAX ? *bytes : (double)BYTES_MAX;
}

static void bound_all(struct rss_heap *heap)
{
	bound(&heap->blocks);
	bound(&heap->live);
	bound(&heap->live_resident);
	bound(&heap->slack_resident);
	bound(&heap->headers_resident);
}

static int by_resident(const void *a, const void *b)
{
	const struct rss_direct *x = a, *y = b;

	if (x->resident != y->resident)
		return x->resident < y->resident ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

static int by_node(const void *a, const void *b)
{
	const struct rss_direct *x = a, *y = b;

	return (x->node > y->node) - (x->node < y->node);
}

/* Those of one stack become one. */
static size_t merge(struct rss_direct *direct, size_t count)
{
	size_t merged = 0;

	qsort(direct, count, sizeof(*direct), by_node);
	for (size_t i = 0; i < count; i++) {
		if (merged > 0 && direct[merged - 1].node == direct[i].node) {
			direct[merged - 1].mapped += direct[i].mapped;
			direct[merged - 1].resident += direct[i].resident;
		} else {
			direct[merged++] = direct[i];
		}
	}
	qsort(direct, merged, sizeof(*direct), by_resident);
	return merged;
}

static int list_direct(struct memory_picture *picture, const struct profile *profile,
		       struct rss *rss)
{
	size_t count = 0;

	rss->direct = calloc(picture->space.count + 1, sizeof(*rss->direct));
	if (!rss->direct)
		return -ENOMEM;
	for (size_t i = 0; i < picture->space.count; i++) {
		const struct space_span *span = &picture->space.spans[i];

		uint64_t resident = resident_bytes(&picture->pages, span->from, span->to);

		/* the reserves of glibc's heaps are nobody's mapping */
		if (span->kind != SPACE_DIRECT || (resident == 0 && span->site == 0))
			continue;
		rss->direct[count++] = (struct rss_direct){
			.node = span->site ? profile_node_of(profile->segment, span->site)
					   : 0,
			.mapped = span->to - span->from,
			.resident = resident_bytes(&picture->pages, span->from, span->to),
		};
	}
	if (count > 0)
		rss->direct_count = merge(rss->direct, count);
	if (rss->direct_count > RSS_DIRECT_MAX)
		rss->direct_count = RSS_DIRECT_MAX;
	return 0;
}

/* Where mappings were not recorded, what nobody claimed was mapped by somebody. */
static void settle_unknown(struct memory_picture *picture)
{
	for (size_t i = 0; i < picture->space.count; i++) {
		struct space_span *span = &picture->space.spans[i];

		if (span->kind == SPACE_UNKNOWN && !picture->has_ranges)
			span->kind = SPACE_DIRECT;
	}
}

bool rss_is_exact(const struct segment *segment)
{
	if (segment->header.mode != HR_MODE_EXACT || segment->header.live_table == 0)
		return false;
	for (uint32_t i = 0; i < segment->sites_count; i++)
		if (segment->sites[i].ready && segment->sites[i].rate != 1)
			return false;
	return true;
}

/* Without a table of blocks that can be read, the counters say what is in use. */
static void take_counters(struct rss_heap *heap, const struct profile *profile)
{
	heap->live = heap->live_resident = (double)profile->total[PROFILE_INUSE_SPACE];
	heap->blocks = (double)profile->total[PROFILE_INUSE_OBJECTS];
}

static int settle(struct measuring *measuring, const struct profile *profile,
		  struct rss *rss, struct fault *fault)
{
	struct memory_picture *picture = &measuring->picture;

	if (profile->segment->header.live_table == 0)
		take_counters(&measuring->heap, profile);
	bound_all(&measuring->heap);
	rss->is_estimate = !rss_is_exact(profile->segment);
	rss->live_counted = profile->total[PROFILE_INUSE_SPACE];
	for (size_t i = 0; i < picture->map.count; i++) {
		rss->resident += picture->map.areas[i].resident;
		rss->swapped += picture->map.areas[i].swapped;
	}
	rss->live = (uint64_t)measuring->heap.live;
	rss->live_absent =
		(uint64_t)(measuring->heap.live - measuring->heap.live_resident);
	rss->blocks = (uint64_t)measuring->heap.blocks;
	rss->threads = picture->stacks.threads;
	rss->stacks_alive = picture->stacks.alive;
	rss->stacks_kept = picture->stacks.kept;
	rss->arenas = picture->glibc.arenas;
	rss->heaps = picture->glibc.heaps;
	settle_unknown(picture);
	if (list_direct(picture, profile, rss) < 0)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for rss");
	rss_lines_write(picture, &measuring->heap, rss);
	return 0;
}

static int attempt(const struct profile *profile, struct rss *rss, struct fault *fault)
{
	struct measuring *measuring = calloc(1, sizeof(*measuring));
	struct process_memory before, after;
	uint32_t pid = profile->segment->header.pid;
	int r;

	memset(rss, 0, sizeof(*rss));
	if (!measuring)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for rss");
	measuring->segment = profile->segment;
	process_memory_read(pid, &before);
	r = memory_picture_read(profile, visit, measuring, &measuring->picture, fault);
	if (r == 0) {
		process_memory_read(pid, &after);
		rss->counted = after.resident;
		rss->drift = after.resident > before.resident
				     ? after.resident - before.resident
				     : before.resident - after.resident;
		r = settle(measuring, profile, rss, fault);
		memory_picture_done(&measuring->picture);
	}
	free(measuring);
	return r;
}

int rss_read(const struct profile *profile, struct rss *ret_rss, struct fault *fault)
{
	int r = memory_picture_possible(profile, "rss", fault);

	for (unsigned i = 0; r == 0 && i < RSS_ATTEMPTS; i++) {
		r = attempt(profile, ret_rss, fault);
		if (r < 0 ||
		    (double)ret_rss->drift <= RSS_DRIFT * (double)ret_rss->resident)
			return r;
		if (i + 1 < RSS_ATTEMPTS)
			rss_done(ret_rss);
	}
	return r;
}

void rss_done(struct rss *rss)
{
	free(rss->direct);
	rss->direct = NULL;
}

const struct rss_line *rss_line(const struct rss *rss, const char *key)
{
	for (unsigned i = 0; i < rss->lines_count; i++)
		if (strcmp(rss->lines[i].key, key) == 0)
			return &rss->lines[i];
	return NULL;
}

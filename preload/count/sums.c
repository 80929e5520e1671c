#include "preload/count/sums.h"

#include <stddef.h>

#include "preload/count/thread.h"
#include "preload/segment/segment_writer.h"
#include "preload/unwind/tree.h"

static uint64_t load(const uint64_t *from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

uint32_t sums_counters_pages(uint32_t site, uint32_t slots)
{
	uint32_t index = (tree_site_base() + site) / HR_COUNTERS_PER_PAGE, pages = 0;

	for (uint32_t slot = 0; slot < slots; slot++)
		pages += threads_counters(slot, index) != NULL;
	return pages;
}

uint32_t sums_of_sites(uint32_t site, uint32_t n, uint32_t slots,
		       struct heapring_values *sum)
{
	uint32_t index = (tree_site_base() + site) / HR_COUNTERS_PER_PAGE;
	uint32_t first = (tree_site_base() + site) % HR_COUNTERS_PER_PAGE;
	uint32_t looked = 0;

	for (uint32_t i = 0; i < n; i++)
		sum[i] = (struct heapring_values){ 0 };
	for (uint32_t slot = 0; slot < slots; slot++) {
		const struct heapring_counter *c = threads_counters(slot, index);

		looked += c != NULL ? n : 1;
		for (uint32_t i = 0; c != NULL && i < n; i++) {
			sum[i].frees +=
				__atomic_load_n(&c[first + i].frees, __ATOMIC_ACQUIRE);
			sum[i].free_bytes += __atomic_load_n(&c[first + i].free_bytes,
							     __ATOMIC_ACQUIRE);
		}
	}
	slots = threads_slots(); /* one taken meanwhile had freed nothing in time */
	for (uint32_t slot = 0; slot < slots; slot++) {
		const struct heapring_counter *c = threads_counters(slot, index);

		for (uint32_t i = 0; c != NULL && i < n; i++) {
			sum[i].allocs += load(&c[first + i].allocs);
			sum[i].alloc_bytes += load(&c[first + i].alloc_bytes);
		}
	}
	return looked;
}

/* Objects of a sampled site are in fractions. */
static uint64_t objects(uint32_t site, uint64_t n)
{
	const struct heapring_site *record = tree_site_record(site);

	return record == NULL || record->rate == 1
		       ? n
		       : (n + HR_OBJECT_UNIT / 2) / HR_OBJECT_UNIT;
}

static void add_losses(struct heapring_stats *stats)
{
	uint32_t slots = threads_slots();

	for (uint32_t slot = 0; slot < slots; slot++) {
		const struct heapring_thread *record = threads_record(slot);

		if (record == NULL ||
		    __atomic_load_n(&record->used, __ATOMIC_ACQUIRE) == 0)
			continue;
		stats->threads += load(&record->owners);
		stats->dropped += load(&record->dropped);
		stats->missed_frees += load(&record->missed_frees);
		stats->untracked_frees += load(&record->untracked_frees);
	}
}

void sums_stats(struct heapring_stats *stats)
{
	const struct heapring_header *h = segment.header;
	struct heapring_values sum[HR_COUNTERS_PER_PAGE];
	int64_t peak = __atomic_load_n(&h->peak_bytes, __ATOMIC_RELAXED);

	*stats = (struct heapring_stats){ 0 };
	for (uint32_t site = 0; site < tree_sites(); site += HR_COUNTERS_PER_PAGE) {
		sums_of_sites(site, HR_COUNTERS_PER_PAGE, threads_slots(), sum);
		for (uint32_t i = 0; i < HR_COUNTERS_PER_PAGE; i++) {
			uint64_t live = sum[i].allocs - sum[i].frees;

			stats->sites += sum[i].allocs > 0;
			stats->alloc_bytes += sum[i].alloc_bytes;
			stats->free_bytes += sum[i].free_bytes;
			stats->live_bytes += sum[i].alloc_bytes - sum[i].free_bytes;
			stats->alloc_objects += objects(site + i, sum[i].allocs);
			stats->free_objects += objects(site + i, sum[i].frees);
			stats->live_objects += objects(site + i, live);
		}
	}
	stats->peak_bytes = peak > 0 ? (uint64_t)peak : 0;
	if (stats->peak_bytes < stats->live_bytes)
		stats->peak_bytes = stats->live_bytes;
	stats->mode = __atomic_load_n(&h->mode, __ATOMIC_RELAXED);
	stats->rate = load(&h->rate);
	stats->overflow = load(&h->overflow_allocs);
	add_losses(stats);
}

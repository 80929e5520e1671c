#include "preload/life/inherited.h"

#include <stddef.h>

#include "preload/segment/segment_writer.h"

struct live {
	uint64_t objects, bytes;
};

/* The parent's next page of a table, from *page on; NULL at the end. */
static const void *next_page(uint32_t *page, uint16_t type, uint32_t *ret_index)
{
	const struct heapring_header *h = segment.header;
	const struct heapring_page *map = (const void *)(segment.base + HR_PAGE);

	for (; *page < h->pages_used && *page < h->pages_max; (*page)++) {
		if (map[*page].type != type)
			continue;
		*ret_index = map[*page].index;
		return segment_at((*page)++);
	}
	return NULL;
}

/* Adds up the parent's counters of the sites [first, first + count). */
static struct live sum_counters(uint32_t first, uint32_t count)
{
	const struct heapring_counter *c;
	struct live live = { 0, 0 };
	uint32_t page = 0, index;

	while ((c = next_page(&page, HR_PAGE_COUNTERS, &index)) != NULL) {
		for (uint32_t i = 0; i < HR_COUNTERS_PER_PAGE; i++) {
			if (index * HR_COUNTERS_PER_PAGE + i - first >= count)
				continue;
			live.objects += c[i].allocs - c[i].frees;
			live.bytes += c[i].alloc_bytes - c[i].free_bytes;
		}
	}
	return live;
}

/* What the parent still holds of its own parent's blocks. */
static struct live sum_inherited(void)
{
	const struct heapring_header *h = segment.header;
	struct live live = { h->inherited_objects, h->inherited_bytes };
	const struct heapring_thread *thread;
	uint32_t page = 0, index;

	while ((thread = next_page(&page, HR_PAGE_THREADS, &index)) != NULL) {
		for (uint32_t i = 0; i < HR_THREADS_PER_PAGE; i++) {
			live.objects -= thread[i].inherited_frees;
			live.bytes -= thread[i].inherited_bytes;
		}
	}
	return live;
}

/* What the parent's heap held; only this thread exists in the child. */
static struct live sum_live(void)
{
	struct live live = sum_counters(0, HR_SITE_MAX), inherited = sum_inherited();
	const struct heapring_site *sites;
	uint32_t page = 0, index;

	live.objects += inherited.objects;
	live.bytes += inherited.bytes;
	if (!segment.header->mappings)
		return live;
	while ((sites = next_page(&page, HR_PAGE_SITES, &index)) != NULL) {
		for (uint32_t i = 0; i < HR_SITES_PER_PAGE; i++) {
			struct live mapped = { 0, 0 };

			if (sites[i].kind == HR_KIND_MAPPINGS)
				mapped = sum_counters(index * HR_SITES_PER_PAGE + i, 1);
			live.objects -= mapped.objects;
			live.bytes -= mapped.bytes;
		}
	}
	return live;
}

void inherited_read(struct inherited *inherited)
{
	const struct heapring_header *h = segment.header;
	struct live live;

	*inherited = (struct inherited){
		.pid = h->pid,
		/* a multiple of HR_COUNTERS_PER_PAGE, as counters.h wants it */
		.site_base = (h->inherited_site + h->sites_used + HR_COUNTERS_PER_PAGE) /
			     HR_COUNTERS_PER_PAGE * HR_COUNTERS_PER_PAGE,
		.start_unix_ns = h->start_unix_ns,
	};
	live = sum_live();
	inherited->live_objects = live.objects;
	inherited->live_bytes = live.bytes;
}

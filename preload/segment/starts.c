#include "preload/segment/starts.h"

#include <stddef.h>
#include <string.h>

#include "preload/platform/os_linux.h"
#include "preload/segment/segment_writer.h"

#define PAGES (HR_STARTS_MAX / HR_STARTS_PER_PAGE)

static struct heapring_start *pages[PAGES];
static uint32_t epoch; /* of this address space */
static _Thread_local struct start here;

void starts_begin(void)
{
	memset(pages, 0, sizeof pages);
	epoch++;
}

static struct heapring_start *record_at(uint32_t n)
{
	struct heapring_start *page = segment_table_page(
		(void **)pages, n / HR_STARTS_PER_PAGE, HR_PAGE_STARTS);

	return page == NULL ? NULL : page + n % HR_STARTS_PER_PAGE;
}

static struct heapring_start *record_of(struct start start)
{
	if (start.number == 0 || start.epoch != epoch)
		return NULL;
	return record_at(start.number - 1);
}

/* The record of a node, taken when there is none. */
static struct heapring_start *find(uint32_t node, uint32_t *ret_number)
{
	for (uint32_t n = 0; n < HR_STARTS_MAX; n++) {
		struct heapring_start *record = record_at(n);
		uint32_t none = 0;

		if (record == NULL)
			return NULL;
		*ret_number = n + 1;
		/* the node names the record; the rest are statistics */
		if (__atomic_load_n(&record->node, __ATOMIC_RELAXED) == node ||
		    __atomic_compare_exchange_n(&record->node, &none, node, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
		    none == node)
			return record;
	}
	return NULL;
}

struct start starts_created(uint32_t node, uintptr_t routine)
{
	struct start start = { .epoch = epoch };
	struct heapring_start *record = node == 0 ? NULL : find(node, &start.number);
	uint64_t now = os_mono_ns(), none = 0;

	if (record == NULL)
		return (struct start){ 0 };
	__atomic_compare_exchange_n(&record->first_ns, &none, now, false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	__atomic_store_n(&record->last_ns, now, __ATOMIC_RELAXED);
	__atomic_store_n(&record->routine, routine, __ATOMIC_RELAXED);
	__atomic_fetch_add(&record->created, 1, __ATOMIC_RELAXED);
	return start;
}

void starts_failed(struct start start)
{
	struct heapring_start *record = record_of(start);

	if (record != NULL)
		__atomic_fetch_sub(&record->created, 1, __ATOMIC_RELAXED);
}

void starts_run(struct start start)
{
	here = start;
}

void starts_ended(struct start start)
{
	struct heapring_start *record = record_of(start);

	if (record != NULL)
		__atomic_fetch_add(&record->ended, 1, __ATOMIC_RELAXED);
}

uint32_t starts_number_here(void)
{
	return here.epoch == epoch ? here.number : 0;
}

#include "preload/count/counters.h"

#include "preload/unwind/tree.h"

struct heapring_counter *counters_make(struct heapring_counter **directory,
				       uint32_t owner, uint32_t site)
{
	uint32_t index = site / HR_COUNTERS_PER_PAGE;
	uint32_t first = tree_site_base() / HR_COUNTERS_PER_PAGE;
	/* W1 is a release: a sweep of the history ring looks at pages it finds here */
	struct heapring_counter *page = segment_page_at(
		(void **)&directory[index], HR_PAGE_COUNTERS, owner, index - first);

	if (page == NULL && index == first)
		return NULL;
	if (page == NULL)
		return counters_at(directory, owner, tree_site_base() + HR_SITE_OVERFLOW);
	return page + site % HR_COUNTERS_PER_PAGE;
}

#include "preload/segment/marks.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "preload/platform/text.h"
#include "preload/segment/segment_writer.h"

static struct heapring_mark *table; /* one page, made by the first mark */

void marks_begin(void)
{
	table = NULL;
}

static bool is_named(const struct heapring_mark *mark, const char *name)
{
	return strncmp(mark->name, name, HR_MARK_NAME - 1) == 0;
}

/* A fresh mark, or NULL: the next one. */
static struct heapring_mark *claim(struct heapring_mark *mark, const char *name,
				   uint64_t now_ns)
{
	struct text text = text_into(mark->name, sizeof mark->name);
	uint32_t none = 0;

	if (!__atomic_compare_exchange_n(&mark->claimed, &none, 1, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return NULL;
	text_str(&text, name);
	mark->first_ns = now_ns;
	__atomic_store_n(&mark->ready, 1, __ATOMIC_RELEASE); /* S2 */
	return mark;
}

static struct heapring_mark *find(const char *name, uint64_t now_ns)
{
	struct heapring_mark *page =
		segment_table_page((void **)&table, 0, HR_PAGE_MARKS);

	for (uint32_t i = 0; page != NULL && i < HR_MARKS_PER_PAGE; i++) {
		struct heapring_mark *mark = &page[i];

		if (__atomic_load_n(&mark->ready, __ATOMIC_ACQUIRE) == 0) { /* S2 */
			mark = claim(mark, name, now_ns);
			if (mark != NULL)
				return mark;
		} else if (is_named(mark, name)) {
			return mark;
		}
	}
	return NULL;
}

void marks_set(const char *name, uint64_t now_ns)
{
	struct heapring_mark *mark = find(name, now_ns);

	if (mark == NULL) {
		__atomic_fetch_add(&segment.header->marks_dropped, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_store_n(&mark->last_ns, now_ns, __ATOMIC_RELAXED);
	__atomic_fetch_add(&mark->count, 1, __ATOMIC_RELAXED);
}

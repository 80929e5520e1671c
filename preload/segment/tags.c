/*
 * tags - names that the program puts around what it allocates
 *
 * A private table of numbers by hash leads to the names in the segment. A slot
 * holds number + 1. A number is taken before the slot is: one that loses its race for the
 * slot stays unused, which costs a name's room and nothing else.
 *
 * Pair G1: a name is complete before its number is stored in a slot with release  ->
 * whoever loads the slot with acquire may compare the name.
 */
#include "preload/segment/tags.h"

#include <stddef.h>
#include <string.h>

#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"
#include "preload/segment/segment_writer.h"

#define SLOTS 4096u /* four times as many as tags: probes are short */
#define TAG_PAGES ((HR_TAGS_MAX + HR_TAGS_PER_PAGE) / HR_TAGS_PER_PAGE)

struct index {
	struct heapring_tag *page[TAG_PAGES];
	uint32_t used;
	uint32_t slot[SLOTS];
};

static struct index *tags;

bool tags_reserve(void)
{
	tags = os_reserve(sizeof *tags, true);
	return tags != NULL;
}

static uint32_t hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (uint32_t i = 0; i < HR_TAG_NAME - 1 && name[i] != '\0'; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h ^ h >> 15;
}

static struct heapring_tag *tag_at(uint32_t number)
{
	struct heapring_tag *page = segment_table_page(
		(void **)tags->page, number / HR_TAGS_PER_PAGE, HR_PAGE_TAGS);

	return page == NULL ? NULL : page + number % HR_TAGS_PER_PAGE;
}

/* A new tag of that name; 0: no room. */
static uint32_t make(const char *name)
{
	uint32_t number = __atomic_add_fetch(&tags->used, 1, __ATOMIC_RELAXED);
	struct heapring_tag *tag = number > HR_TAGS_MAX ? NULL : tag_at(number);
	struct text text;

	if (tag == NULL) {
		__atomic_fetch_sub(&tags->used, 1, __ATOMIC_RELAXED);
		return 0;
	}
	text = text_into(tag->name, sizeof tag->name);
	text_str(&text, name);
	__atomic_store_n(&tag->ready, 1, __ATOMIC_RELEASE); /* S2 */
	return number;
}

uint32_t tags_number(const char *name)
{
	uint32_t made = 0;

	for (uint32_t probe = 0, h = hash(name); probe < SLOTS; probe++, h++) {
		uint32_t *slot = &tags->slot[h % SLOTS];
		uint32_t found = __atomic_load_n(slot, __ATOMIC_ACQUIRE); /* G1 */

		if (found == 0) {
			if (made == 0)
				made = make(name);
			if (made == 0 ||
			    __atomic_compare_exchange_n(slot, &found, made + 1, false,
							__ATOMIC_RELEASE,
							__ATOMIC_ACQUIRE)) /* G1 */
				return made;
		}
		if (strncmp(tag_at(found - 1)->name, name, HR_TAG_NAME - 1) == 0)
			return found - 1;
	}
	return 0;
}

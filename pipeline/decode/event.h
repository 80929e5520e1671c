/*
 * event - one decoded order, as views into the message it came from
 *
 * Contract
 *   - a view points into the payload or into the slot's arena and is valid until
 *     the slot is retired; nobody frees a view;
 *   - in copy mode the strings are the event's own (struct copy) and
 *     decode_release() frees them;
 *   - event_check() is the schema: NULL when the event is sound, else the reason.
 */
#ifndef PIPELINE_EVENT_H
#define PIPELINE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#define EVENT_ITEMS_MAX 64u
#define EVENT_TAGS_MAX 64u

struct view {
	const char *at;
	uint32_t len;
};

struct event_item {
	struct view sku;
	uint64_t price_cents;
	uint32_t quantity;
};

struct event_tag {
	struct view key;
	struct view value;
};

struct copy; /* decode_copy.h: what copy mode owns */

struct event {
	uint64_t id;
	uint64_t created_ms;
	uint64_t amount_cents;
	struct view customer;
	struct view country;
	struct view currency;
	struct view status;
	struct view note;
	const struct event_item *items;
	const struct event_tag *tags;
	uint16_t n_items;
	uint16_t n_tags;
	struct copy *copy; /* NULL in zero-copy mode */
};

/* What a decoder takes of an arena beside the payload's own length for texts without
 * their escapes: the lists, and each piece rounded up to 16 bytes. */
#define EVENT_ARENA_MAX                                                                  \
	(EVENT_ITEMS_MAX * (sizeof(struct event_item) + 16) +                            \
	 EVENT_TAGS_MAX * (sizeof(struct event_tag) + 32) + 8 * 16)

const char *event_check(const struct event *e);

static inline bool view_is(struct view v, const char *text, uint32_t len)
{
	return v.len == len && __builtin_memcmp(v.at, text, len) == 0;
}

#endif

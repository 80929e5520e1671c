/*
 * decode_copy - what an event owns in copy mode
 *
 * This is the ordinary way to handle a message in C, kept honest so that the
 * comparison with zero-copy means something: the payload is copied because the
 * client's buffer goes away, every text is duplicated, tags live in a hash map.
 * About the number of allocations a typical service makes, and no more.
 */
#include "pipeline/decode/decode_copy.h"

#include <errno.h>
#include <uthash.h>

#include "pipeline/base/memory.h"
#include "pipeline/decode/decode.h"

#undef uthash_malloc
#define uthash_malloc(size) memory_alloc(size)

#define TEXTS_MAX (8 + EVENT_ITEMS_MAX)

struct copy_pair {
	char *key;
	char *value;
	UT_hash_handle hh;
};

struct copy {
	char *payload;
	char *texts[TEXTS_MAX];
	unsigned n_texts;
	struct event_item *items;
	unsigned n_items;
	struct copy_pair *tags;
	struct event_tag *tag_views;
};

struct copy *copy_new(const void *payload, size_t len)
{
	struct copy *c = memory_zero(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->payload = memory_alloc(len + 1);
	if (c->payload == NULL) {
		free(c);
		return NULL;
	}
	memcpy(c->payload, payload, len);
	c->payload[len] = '\0';
	return c;
}

static void pair_free(struct copy_pair *pair)
{
	free(pair->key);
	free(pair->value);
	free(pair);
}

void copy_free(struct copy *c)
{
	struct copy_pair *pair, *next;

	if (c == NULL)
		return;
	HASH_ITER(hh, c->tags, pair, next)
	{
		HASH_DEL(c->tags, pair);
		pair_free(pair);
	}
	for (unsigned i = 0; i < c->n_texts; i++)
		free(c->texts[i]);
	free(c->items);
	free(c->tag_views);
	free(c->payload);
	free(c);
}

const char *copy_payload(const struct copy *c)
{
	return c->payload;
}

int copy_text(struct copy *c, const char *text, size_t len, struct view *ret)
{
	char *own;

	if (c->n_texts == TEXTS_MAX)
		return -EBADMSG;
	own = memory_strndup(text, len);
	if (own == NULL)
		return -ENOMEM;
	c->texts[c->n_texts++] = own;
	*ret = (struct view){ own, (uint32_t)len };
	return 0;
}

int copy_items(struct copy *c, unsigned n, struct event_item **ret)
{
	if (n > EVENT_ITEMS_MAX)
		return -EBADMSG;
	c->items = memory_zero(n + 1, sizeof(c->items[0]));
	if (c->items == NULL)
		return -ENOMEM;
	c->n_items = n;
	*ret = c->items;
	return 0;
}

int copy_tag(struct copy *c, const char *key, const char *value)
{
	struct copy_pair *old, *pair = memory_zero(1, sizeof(*pair));

	if (pair == NULL)
		return -ENOMEM;
	pair->key = memory_strndup(key, strlen(key));
	pair->value = memory_strndup(value, strlen(value));
	if (pair->key == NULL || pair->value == NULL) {
		pair_free(pair);
		return -ENOMEM;
	}
	HASH_REPLACE_STR(c->tags, key, pair, old);
	if (old != NULL)
		pair_free(old);
	return HASH_COUNT(c->tags) > EVENT_TAGS_MAX ? -EBADMSG : 0;
}

int copy_finish(struct copy *c, struct event *e)
{
	struct copy_pair *pair;
	unsigned n = 0;

	c->tag_views = memory_zero(HASH_COUNT(c->tags) + 1, sizeof(c->tag_views[0]));
	if (c->tag_views == NULL)
		return -ENOMEM;
	for (pair = c->tags; pair != NULL; pair = pair->hh.next) {
		c->tag_views[n].key =
			(struct view){ pair->key, (uint32_t)strlen(pair->key) };
		c->tag_views[n].value =
			(struct view){ pair->value, (uint32_t)strlen(pair->value) };
		n++;
	}
	e->tags = c->tag_views;
	e->n_tags = (uint16_t)n;
	e->items = c->items;
	e->n_items = (uint16_t)c->n_items;
	return 0;
}

void decode_release(struct event *e)
{
	copy_free(e->copy);
	e->copy = NULL;
}

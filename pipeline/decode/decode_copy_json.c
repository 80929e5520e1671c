/*
 * decode_copy_json - an order in JSON, parsed with cJSON and copied out
 *
 * cJSON builds its tree, the fields are copied out of it and the tree is freed:
 * the event must not depend on the parser's memory.
 */
#include "pipeline/decode/decode.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <pthread.h>

#include "pipeline/base/memory.h"
#include "pipeline/decode/decode_copy.h"

static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;

static void hooks_set(void)
{
	cJSON_Hooks hooks = { .malloc_fn = memory_lib_alloc, .free_fn = free };

	if (!memory_profiled())
		cJSON_InitHooks(&hooks);
}

static int text_field(struct copy *c, const cJSON *object, const char *name,
		      struct view *ret)
{
	const cJSON *field = cJSON_GetObjectItemCaseSensitive(object, name);

	if (field == NULL)
		return 0;
	if (!cJSON_IsString(field))
		return -EBADMSG;
	return copy_text(c, field->valuestring, strlen(field->valuestring), ret);
}

/* cJSON keeps numbers as doubles: exact up to 2^53, which orders stay below. */
static int number_field(const cJSON *object, const char *name, uint64_t *ret)
{
	const cJSON *field = cJSON_GetObjectItemCaseSensitive(object, name);

	if (field == NULL)
		return 0;
	if (!cJSON_IsNumber(field) || field->valuedouble < 0 ||
	    field->valuedouble > 0x1p53)
		return -EBADMSG;
	*ret = (uint64_t)field->valuedouble;
	return 0;
}

static int read_items(struct copy *c, const cJSON *root)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "items"), *entry;
	struct event_item *item;
	uint64_t quantity = 0;
	int r;

	r = copy_items(c, (unsigned)cJSON_GetArraySize(list), &item);
	if (r != 0)
		return r;
	cJSON_ArrayForEach(entry, list)
	{
		if ((r = text_field(c, entry, "sku", &item->sku)) != 0 ||
		    (r = number_field(entry, "price", &item->price_cents)) != 0 ||
		    (r = number_field(entry, "qty", &quantity)) != 0)
			return r;
		item->quantity = (uint32_t)quantity;
		item++;
	}
	return 0;
}

static int read_tags(struct copy *c, const cJSON *root)
{
	const cJSON *map = cJSON_GetObjectItemCaseSensitive(root, "tags"), *entry;
	int r;

	cJSON_ArrayForEach(entry, map)
	{
		if (!cJSON_IsString(entry))
			return -EBADMSG;
		r = copy_tag(c, entry->string, entry->valuestring);
		if (r != 0)
			return r;
	}
	return 0;
}

static int read_root(struct copy *c, const cJSON *root, struct event *e)
{
	int r;

	if (!cJSON_IsObject(root))
		return -EBADMSG;
	if ((r = number_field(root, "id", &e->id)) != 0 ||
	    (r = number_field(root, "created", &e->created_ms)) != 0 ||
	    (r = number_field(root, "amount", &e->amount_cents)) != 0 ||
	    (r = text_field(c, root, "customer", &e->customer)) != 0 ||
	    (r = text_field(c, root, "country", &e->country)) != 0 ||
	    (r = text_field(c, root, "currency", &e->currency)) != 0 ||
	    (r = text_field(c, root, "status", &e->status)) != 0 ||
	    (r = text_field(c, root, "note", &e->note)) != 0 ||
	    (r = read_items(c, root)) != 0 || (r = read_tags(c, root)) != 0)
		return r;
	return copy_finish(c, e);
}

int decode_copy_json(const uint8_t *payload, size_t len, struct arena *a, struct event *e,
		     const char **ret_why)
{
	struct copy *c = copy_new(payload, len);
	cJSON *root;
	int r;

	pthread_once(&hooks_once, hooks_set);
	*e = (struct event){ 0 };
	if (c == NULL)
		return -ENOMEM;
	root = cJSON_ParseWithLengthOpts(copy_payload(c), len + 1, NULL, 1 /* whole */);
	r = read_root(c, root, e);
	cJSON_Delete(root);
	*ret_why = r == 0 ? event_check(e) : "not a JSON order";
	if (r == 0 && *ret_why == NULL) {
		e->copy = c;
		return 0;
	}
	copy_free(c);
	return r == 0 ? -EBADMSG : r;
}

#include "analyzer/serve/metrics_sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/text.h"

int metrics_sites_init(struct metrics_sites *sites, unsigned room)
{
	*sites = (struct metrics_sites){ .room = room };
	sites->sites = calloc(room + 1, sizeof(*sites->sites));
	return sites->sites ? 0 : -ENOMEM;
}

void metrics_sites_done(struct metrics_sites *sites)
{
	free(sites->sites);
	sites->sites = NULL;
}

/* FNV-1a. */
static uint64_t key_of(const struct view_target *target, const struct stack_entry *entry)
{
	const uint32_t *places = stack_set_places(&target->set, entry);
	uint64_t hash = TEXT_HASH_BEGIN;

	for (uint32_t i = 0; i < entry->count; i++) {
		const struct place *place = place_table_get(target->places, places[i]);

		hash = text_hash(hash, place->function);
		hash = text_hash(hash, place->module);
	}
	return hash;
}

static int64_t live(const struct metrics_site *site)
{
	return site->entry ? site->entry->value[PROFILE_INUSE_SPACE] : 0;
}

static int by_live(const void *a, const void *b)
{
	const struct metrics_site *x = a, *y = b;

	if (live(x) != live(y))
		return live(x) < live(y) ? 1 : -1;
	return (x->key > y->key) - (x->key < y->key);
}

static struct metrics_site *find(const struct metrics_sites *sites, uint64_t key)
{
	for (unsigned i = 0; i < sites->count; i++)
		if (sites->sites[i].key == key)
			return &sites->sites[i];
	return NULL;
}

/* Those chosen before get their new figures, the others are candidates in `all`. */
static size_t sort_out(struct metrics_sites *sites, const struct view_target *target,
		       struct metrics_site *all)
{
	size_t count = 0;

	for (unsigned i = 0; i < sites->count; i++)
		sites->sites[i].entry = NULL;
	for (size_t i = 0; i < target->set.count; i++) {
		const struct stack_entry *entry = &target->set.entries[i];
		uint64_t key = key_of(target, entry);
		struct metrics_site *known = find(sites, key);

		if (known)
			known->entry = entry;
		else
			all[count++] = (struct metrics_site){ key, entry };
	}
	return count;
}

int metrics_sites_choose(struct metrics_sites *sites, const struct view_target *target)
{
	struct metrics_site *all = calloc(target->set.count + 1, sizeof(*all));
	size_t count, next = 0;

	if (!all)
		return -ENOMEM;
	count = sort_out(sites, target, all);
	qsort(all, count, sizeof(*all), by_live);
	for (; next < count && sites->count < sites->room; next++)
		sites->sites[sites->count++] = all[next];
	qsort(sites->sites, sites->count, sizeof(*sites->sites), by_live);
	for (unsigned last = sites->count; last > 0 && next < count; last--, next++) {
		if (live(&all[next]) <= 2 * live(&sites->sites[last - 1]))
			break;
		sites->sites[last - 1] = all[next];
	}
	qsort(sites->sites, sites->count, sizeof(*sites->sites), by_live);
	free(all);
	return 0;
}

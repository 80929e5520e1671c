/*
 * watch_sites - the call stacks of one process, looked at again and again
 *
 * Places are numbered anew by each look, so a stack is known by a hash of its
 * functions' names; names are hashed once for each place.
 */
#include "analyzer/watch/watch_sites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/text.h"
#include "analyzer/machine/clock.h"

void watch_sites_begin(struct watch_sites *sites, const char *path,
		       struct symbol_cache *cache)
{
	memset(sites, 0, sizeof(*sites));
	snprintf(sites->path, sizeof(sites->path), "%s", path);
	view_options_init(&sites->options);
	sites->options.find_culprits = true;
	sites->options.cache = cache;
}

void watch_sites_end(struct watch_sites *sites)
{
	struct watch_site *site, *next;

	HASH_ITER(hh, sites->sites, site, next)
	{
		HASH_DEL(sites->sites, site);
		free(site);
	}
	if (sites->target.profile)
		view_target_done(&sites->target);
	if (sites->has_filter)
		regfree(&sites->filter);
	free(sites->shown);
	memset(sites, 0, sizeof(*sites));
}

static uint64_t *hash_places(const struct view_target *target)
{
	uint32_t count = place_table_count(target->places);
	uint64_t *hashes = calloc((size_t)count + 1, sizeof(*hashes));

	for (uint32_t i = 0; hashes && i < count; i++) {
		const struct place *place = place_table_get(target->places, i);

		hashes[i] = text_hash(text_hash(TEXT_HASH_BEGIN, place->function),
				      place->module);
	}
	return hashes;
}

/* By node: when the first of its sites began. */
static uint64_t *first_times(const struct segment *segment)
{
	uint64_t *first =
		calloc((size_t)segment->nodes_count + HR_NODE_FIRST, sizeof(*first));

	for (uint32_t i = 0; first && i < segment->sites_count; i++) {
		const struct heapring_site *site = &segment->sites[i];

		if (site->ready && site->node < segment->nodes_count &&
		    (first[site->node] == 0 || site->first_ns < first[site->node]))
			first[site->node] = site->first_ns;
	}
	return first;
}

static struct watch_site *find(struct watch_sites *sites, uint64_t key)
{
	struct watch_site *site;

	HASH_FIND(hh, sites->sites, &key, sizeof(key), site);
	if (site)
		return site;
	site = calloc(1, sizeof(*site));
	if (!site)
		return NULL;
	site->key = key;
	HASH_ADD(hh, sites->sites, key, sizeof(site->key), site);
	return site;
}

static int add_stack(struct watch_sites *sites, const struct view_target *target,
		     size_t number, const uint64_t *hashes, const uint64_t *first)
{
	const struct profile_stack *stack = &target->profile->stacks[number];
	const struct stack_frame *frames;
	uint32_t count = stack_view_frames(target->view, number, &frames);
	uint64_t key = count, began = first[stack->node];
	struct watch_site *site;

	for (uint32_t i = 0; i < count; i++)
		key = (key ^ hashes[frames[i].place]) * 0x9e3779b97f4a7c15ull;
	site = count > 0 ? find(sites, key) : NULL;
	if (!site)
		return count > 0 ? -ENOMEM : 0;
	if (!site->is_seen) {
		site->is_seen = true;
		site->stack = number;
		site->live = site->count = site->allocated = 0;
	}
	if (began && (site->first_ns == 0 || began < site->first_ns))
		site->first_ns = began;
	site->live += (int64_t)stack->value[PROFILE_INUSE_SPACE];
	site->count += (int64_t)stack->value[PROFILE_INUSE_OBJECTS];
	site->allocated += (int64_t)stack->value[PROFILE_ALLOC_SPACE];
	return 0;
}

/* Slopes, from this look and those before. */
static void finish_look(struct watch_sites *sites, uint64_t at_ms)
{
	double seconds = (double)(at_ms - sites->looked_ms) / 1000;
	bool is_first = sites->looked_ms == 0;
	struct watch_site *site, *next;

	sites->rate = 0;
	HASH_ITER(hh, sites->sites, site, next)
	{
		if (!site->is_seen) {
			HASH_DEL(sites->sites, site);
			free(site);
			continue;
		}
		site->is_seen = false;
		watch_points_add(&site->points, at_ms, site->live);
		site->growth = watch_points_slope(&site->points);
		site->rate = 0;
		if (!is_first && seconds > 0)
			site->rate = (double)(site->allocated - site->allocated_before) /
				     seconds;
		site->allocated_before = site->allocated;
		sites->rate += site->rate;
	}
	watch_points_add(&sites->total, at_ms,
			 (int64_t)sites->target.profile->total[PROFILE_INUSE_SPACE]);
	sites->looked_ms = at_ms;
}

int watch_sites_look(struct watch_sites *sites, struct fault *fault)
{
	uint64_t *hashes = NULL, *first = NULL;
	struct view_target target;
	int r = view_target_load(sites->path, &sites->options, &target, fault);

	if (r < 0)
		return r;
	hashes = hash_places(&target);
	first = first_times(target.profile->segment);
	r = hashes && first ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < target.profile->stacks_count; i++)
		r = add_stack(sites, &target, i, hashes, first);
	free(hashes);
	free(first);
	if (sites->target.profile)
		view_target_done(&sites->target);
	sites->target = target;
	sites->target.options = &sites->options;
	finish_look(sites, (uint64_t)clock_ms());
	if (r == 0)
		r = watch_sites_show(sites);
	return r < 0 ? fault_set(fault, FAULT_INPUT, r, "out of memory for %s",
				 sites->path)
		     : 0;
}

double watch_site_gain(const struct watch_sites *sites, const struct watch_site *site)
{
	return sites->is_marked ? (double)(site->live - site->marked) : site->growth;
}

/* At the last look: a frozen screen stands still. */
uint64_t watch_site_age_ns(const struct watch_sites *sites, const struct watch_site *site)
{
	uint64_t then = sites->looked_ms * 1000000;

	return site->first_ns && then > site->first_ns ? then - site->first_ns : 0;
}

/* What the order is by, as a number: the largest comes first. */
static double weight(const struct watch_sites *sites, const struct watch_site *site)
{
	switch (sites->order) {
	case WATCH_GROWTH:
		return watch_site_gain(sites, site);
	case WATCH_RATE:
		return site->rate;
	case WATCH_COUNT:
		return (double)site->count;
	case WATCH_AGE:
		return -(double)site->first_ns;
	default:
		return (double)site->live;
	}
}

static int by_weight(const void *a, const void *b, void *arg)
{
	const struct watch_site *x = *(struct watch_site *const *)a;
	const struct watch_site *y = *(struct watch_site *const *)b;
	double wx = weight(arg, x), wy = weight(arg, y);

	if (wx != wy)
		return wx < wy ? 1 : -1;
	return (x->key > y->key) - (x->key < y->key);
}

/* By place: does it match the filter? A place is on many stacks. NULL: no memory. */
static bool *match_places(const struct watch_sites *sites)
{
	uint32_t count = place_table_count(sites->target.places);
	bool *matches = calloc((size_t)count + 1, sizeof(*matches));

	for (uint32_t i = 0; matches && i < count; i++) {
		const struct place *place = place_table_get(sites->target.places, i);

		matches[i] = regexec(&sites->filter, place->function, 0, NULL, 0) == 0 ||
			     regexec(&sites->filter, place->module, 0, NULL, 0) == 0 ||
			     (place->file &&
			      regexec(&sites->filter, place->file, 0, NULL, 0) == 0);
	}
	return matches;
}

/* matches: NULL for no filter. */
static bool passes(const struct watch_sites *sites, const struct watch_site *site,
		   const bool *matches)
{
	const struct stack_frame *frames;
	uint32_t count;

	if (!matches)
		return true;
	count = watch_site_frames(sites, site, &frames);
	for (uint32_t i = 0; i < count; i++)
		if (matches[frames[i].place])
			return true;
	return false;
}

int watch_sites_show(struct watch_sites *sites)
{
	size_t count = HASH_COUNT(sites->sites), kept = 0;
	struct watch_site **shown = malloc((count + 1) * sizeof(struct watch_site *));
	bool filters = sites->has_filter && sites->target.profile;
	bool *matches = filters ? match_places(sites) : NULL;
	struct watch_site *site;

	if (!shown || (filters && !matches)) {
		free(shown);
		free(matches);
		return -ENOMEM;
	}
	for (site = sites->sites; site; site = site->hh.next)
		if (passes(sites, site, matches))
			shown[kept++] = site;
	free(matches);
	qsort_r(shown, kept, sizeof(struct watch_site *), by_weight, sites);
	free(sites->shown);
	sites->shown = shown;
	sites->shown_count = kept;
	return 0;
}

bool watch_sites_filter(struct watch_sites *sites, const char *text)
{
	regex_t filter;

	if (*text && regcomp(&filter, text, REG_EXTENDED | REG_NOSUB | REG_ICASE) != 0)
		return false;
	if (sites->has_filter)
		regfree(&sites->filter);
	sites->has_filter = *text != '\0';
	if (sites->has_filter)
		sites->filter = filter;
	watch_sites_show(sites);
	return true;
}

void watch_sites_mark(struct watch_sites *sites, bool marked)
{
	sites->is_marked = marked;
	for (struct watch_site *site = sites->sites; site; site = site->hh.next)
		site->marked = site->live;
	watch_sites_show(sites);
}

uint32_t watch_site_frames(const struct watch_sites *sites, const struct watch_site *site,
			   const struct stack_frame **ret_frames)
{
	return stack_view_frames(sites->target.view, site->stack, ret_frames);
}

const struct place *watch_site_place(const struct watch_sites *sites,
				     const struct stack_frame *frame)
{
	return place_table_get(sites->target.places, frame->place);
}

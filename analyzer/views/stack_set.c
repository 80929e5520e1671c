/*
 * stack_set - the stacks that a view shows, of one profile or of two compared
 *
 * Places lie behind one another in one array; an open-addressing table finds the
 * entry of a sequence of places. Hashes are kept, so growing compares nothing.
 */
#include "analyzer/views/stack_set.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const struct stack_frame *frames, uint32_t count)
{
	uint64_t hash = count;

	for (uint32_t i = 0; i < count; i++) {
		hash = (hash ^ frames[i].place) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	return hash;
}

static bool is_same(const struct stack_set *set, const struct stack_entry *entry,
		    const struct stack_frame *frames, uint32_t count, uint64_t hash)
{
	const uint32_t *places = set->places + entry->first;

	if (entry->hash != hash || entry->count != count)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (places[i] != frames[i].place)
			return false;
	return true;
}

/* Where the sequence is, or where it has to be put. */
static size_t slot_of(const struct stack_set *set, const struct stack_frame *frames,
		      uint32_t count, uint64_t hash)
{
	size_t at = hash & (set->index_size - 1);

	while (set->index[at] &&
	       !is_same(set, &set->entries[set->index[at] - 1], frames, count, hash))
		at = (at + 1) & (set->index_size - 1);
	return at;
}

static int grow_index(struct stack_set *set)
{
	size_t size = set->index_size ? set->index_size * 2 : 1024;
	uint32_t *index = calloc(size, sizeof(*index));

	if (!index)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++) {
		size_t at = set->entries[i].hash & (size - 1);

		while (index[at])
			at = (at + 1) & (size - 1);
		index[at] = (uint32_t)i + 1;
	}
	free(set->index);
	set->index = index;
	set->index_size = size;
	return 0;
}

static int grow(struct stack_set *set, uint32_t places)
{
	if (set->count == set->room) {
		size_t room = set->room ? set->room * 2 : 256;
		struct stack_entry *grown = realloc(set->entries, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		set->entries = grown;
		set->room = room;
	}
	if (set->places_count + places > set->places_room) {
		size_t room = (set->places_room + places) * 2;
		uint32_t *grown = realloc(set->places, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		set->places = grown;
		set->places_room = room;
	}
	return set->count * 2 >= set->index_size ? grow_index(set) : 0;
}

static int find(struct stack_set *set, const struct stack_frame *frames, uint32_t count,
		struct stack_entry **ret_entry, bool *ret_is_new)
{
	uint64_t hash = hash_of(frames, count);
	struct stack_entry *entry;
	size_t at;

	if (grow(set, count) < 0)
		return -ENOMEM;
	at = slot_of(set, frames, count, hash);
	*ret_is_new = set->index[at] == 0;
	if (set->index[at]) {
		*ret_entry = &set->entries[set->index[at] - 1];
		return 0;
	}
	entry = &set->entries[set->count++];
	set->index[at] = (uint32_t)set->count;
	memset(entry, 0, sizeof(*entry));
	entry->first = set->places_count;
	entry->count = count;
	entry->hash = hash;
	for (uint32_t i = 0; i < count; i++)
		set->places[set->places_count++] = frames[i].place;
	*ret_entry = entry;
	return 0;
}

const struct stack_entry *stack_set_find(const struct stack_set *set,
					 const struct stack_frame *frames, uint32_t count)
{
	size_t at;

	if (set->index_size == 0)
		return NULL;
	at = slot_of(set, frames, count, hash_of(frames, count));
	return set->index[at] ? &set->entries[set->index[at] - 1] : NULL;
}

/* scale NULL: add as it is. */
static void add_figures(struct stack_entry *entry, const struct profile *profile,
			size_t stack, const double *scale)
{
	const uint64_t *value = profile->stacks[stack].value;

	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		double factor = scale ? scale[s] : 1;

		if (!scale)
			entry->value[s] += (int64_t)value[s];
		else
			entry->base[s] += llround((double)value[s] * factor);
		if (profile->variance)
			entry->variance[s] +=
				profile->variance[stack][s] * factor * factor;
	}
	if (!scale)
		entry->stacks++;
	if (!profile->details)
		return;
	if (scale)
		profile_detail_subtract(&entry->detail, &profile->details[stack], scale);
	else
		profile_detail_add(&entry->detail, &profile->details[stack]);
}

static int add_all(struct stack_set *set, const struct profile *profile,
		   struct stack_view *view, const double *scale)
{
	set->has_variance |= profile->variance != NULL;
	for (size_t stack = 0; stack < profile->stacks_count; stack++) {
		const struct stack_frame *frames;
		uint32_t count = stack_view_frames(view, stack, &frames);
		struct stack_entry *entry;
		bool is_new;

		if (count == 0)
			continue;
		if (find(set, frames, count, &entry, &is_new) < 0)
			return -ENOMEM;
		if (is_new)
			entry->culprit = stack_view_culprit(view, stack, frames, count);
		if (!scale)
			set->entry_of[stack] = (uint32_t)(entry - set->entries);
		add_figures(entry, profile, stack, scale);
	}
	return 0;
}

int stack_set_add(struct stack_set *set, const struct profile *profile,
		  struct stack_view *view)
{
	size_t bytes = (profile->stacks_count + 1) * sizeof(*set->entry_of);

	set->entry_of = malloc(bytes);
	if (!set->entry_of)
		return -ENOMEM;
	memset(set->entry_of, 0xff, bytes);
	return add_all(set, profile, view, NULL);
}

int stack_set_subtract(struct stack_set *set, const struct profile *profile,
		       struct stack_view *view, const double *scale)
{
	int r = add_all(set, profile, view, scale);

	for (size_t i = 0; i < set->count; i++)
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			set->entries[i].value[s] -= set->entries[i].base[s];
	return r;
}

void stack_set_done(struct stack_set *set)
{
	free(set->entries);
	free(set->places);
	free(set->index);
	free(set->entry_of);
	memset(set, 0, sizeof(*set));
}

const uint32_t *stack_set_places(const struct stack_set *set,
				 const struct stack_entry *entry)
{
	return set->places + entry->first;
}

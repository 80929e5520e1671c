/*
 * profile_snapshot - a profile as it was when a level of memory was reached
 *
 * No variance was kept: what there is now is scaled, as for moments of the history.
 */
#include "analyzer/profile/profile_snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/profile/profile_figures.h"
#include "analyzer/profile/profile_window.h"
#include "analyzer/segment/segment_map.h"
#include "analyzer/segment/site_sums.h"

#define READS 8 /* of one that is being replaced */

struct snapshots {
	struct heapring_snapshot record[HR_SNAPSHOTS_MAX];
};

const char *profile_snapshot_split(const char *name, char *base, size_t room)
{
	const char *at = strrchr(name, '@');

	if (!at || !at[1] || at == name || (size_t)(at - name) >= room ||
	    access(name, F_OK) == 0)
		return NULL;
	snprintf(base, room, "%.*s", (int)(at - name), name);
	return at + 1;
}

int profile_snapshot_check(struct profile_wants *wants, const char *name,
			   struct fault *fault)
{
	if (wants->if_there)
		wants->details = wants->slack = wants->history = false;
	if (!wants->at_peak && !wants->by_thread && !wants->details && !wants->history)
		return 0;
	return fault_set(fault, FAULT_USAGE, -EINVAL,
			 "the snapshot %s has figures by stack only: neither sizes, "
			 "lifetimes and threads nor a history",
			 name);
}

static int read_records(const struct segment_map *map, struct snapshots *snapshots,
			struct fault *fault)
{
	memset(snapshots, 0, sizeof(*snapshots));
	for (uint32_t i = 0; i < map->pages_count; i++)
		if (map->pages[i].type == HR_PAGE_SNAPSHOTS && map->pages[i].index == 0)
			return segment_map_read(map->fd, map->path, snapshots,
						sizeof(*snapshots), (uint64_t)i * HR_PAGE,
						fault);
	return 0;
}

static bool is_taken(const struct heapring_snapshot *record)
{
	return record->taken > 0 && memchr(record->name, '\0', HR_SNAPSHOT_NAME);
}

static int no_snapshot(const struct snapshots *snapshots, const char *path,
		       const char *name, struct fault *fault)
{
	char names[160] = "";

	for (unsigned i = 0; i < HR_SNAPSHOTS_MAX; i++)
		if (is_taken(&snapshots->record[i]))
			snprintf(names + strlen(names), sizeof(names) - strlen(names),
				 "%s%s", *names ? ", " : "", snapshots->record[i].name);
	return fault_set(fault, FAULT_USAGE, -ENOENT, "%s has no snapshot %s; %s%s", path,
			 name,
			 *names ? "it has: "
				: "it has none: HEAPRING_SNAPSHOT_AT or `heapring run "
				  "--snapshot-at` asks for them before the start",
			 names);
}

static int find(const struct snapshots *snapshots, const char *path, const char *name,
		unsigned *ret_number, struct fault *fault)
{
	for (unsigned i = 0; i < HR_SNAPSHOTS_MAX; i++)
		if (is_taken(&snapshots->record[i]) &&
		    strcmp(snapshots->record[i].name, name) == 0) {
			*ret_number = i;
			return 0;
		}
	return no_snapshot(snapshots, path, name, fault);
}

/* Values of sites below *ret_sites; what has no page never changed. */
static int read_values(const struct segment_map *map, unsigned number, uint32_t sites,
		       struct heapring_values *values, struct fault *fault)
{
	struct heapring_values_page page;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < map->pages_count; i++) {
		const struct heapring_page *entry = &map->pages[i];
		uint64_t first = (uint64_t)entry->index * HR_VALUES_PER_PAGE;
		uint64_t count = HR_VALUES_PER_PAGE;

		if (entry->type != HR_PAGE_SNAPSHOT || entry->owner != number ||
		    first >= sites)
			continue;
		r = segment_map_read(map->fd, map->path, &page, sizeof(page),
				     (uint64_t)i * HR_PAGE, fault);
		if (first + count > sites)
			count = sites - first;
		if (r == 0)
			memcpy(values + first, page.of, count * sizeof(*values));
	}
	return r;
}

/* One reading; *ret_same: nothing of it was written meanwhile. */
static int read_once(const struct target *target, const char *name, uint32_t most,
		     struct heapring_values *values, struct heapring_snapshot *ret_record,
		     bool *ret_same, struct fault *fault)
{
	struct snapshots before, after;
	struct segment_map map;
	unsigned number = 0;
	int r = segment_map_load(target->fd, target->path, &map, fault);

	if (r < 0)
		return r;
	r = read_records(&map, &before, fault);
	if (r == 0)
		r = find(&before, target->path, name, &number, fault);
	if (r == 0 && before.record[number].sites < most)
		most = before.record[number].sites;
	if (r == 0)
		r = read_values(&map, number, most, values, fault);
	if (r == 0)
		r = read_records(&map, &after, fault);
	segment_map_done(&map);
	if (r < 0)
		return r;
	*ret_record = before.record[number];
	ret_record->sites = most;
	*ret_same = before.record[number].state == HR_SNAPSHOT_TAKEN &&
		    after.record[number].state == HR_SNAPSHOT_TAKEN &&
		    before.record[number].taken == after.record[number].taken;
	return 0;
}

static int read_snapshot(const struct target *target, const char *name, uint32_t most,
			 struct heapring_values *values,
			 struct heapring_snapshot *ret_record, struct fault *fault)
{
	bool same = false;
	int r = 0;

	for (int i = 0; r == 0 && !same && i < READS; i++) {
		if (i > 0)
			usleep(20000);
		r = read_once(target, name, most, values, ret_record, &same, fault);
	}
	if (r == 0 && !same)
		return fault_set(fault, FAULT_INPUT, -EBUSY,
				 "the snapshot %s of %s is only half there: it is being "
				 "taken anew, or its process was killed meanwhile",
				 name, target->path);
	return r;
}

static uint64_t less(uint64_t from, uint64_t by)
{
	return from > by ? from - by : 0;
}

/* Adds what a site had to the four figures of its stack. */
static void add_site(uint64_t then[PROFILE_SAMPLES], const struct heapring_values *had,
		     bool sampled)
{
	then[PROFILE_INUSE_SPACE] += less(had->alloc_bytes, had->free_bytes);
	then[PROFILE_INUSE_OBJECTS] +=
		figures_objects(less(had->allocs, had->frees), sampled);
	then[PROFILE_ALLOC_SPACE] += had->alloc_bytes;
	then[PROFILE_ALLOC_OBJECTS] += figures_objects(had->allocs, sampled);
}

static int replace(struct profile *profile, const struct heapring_values *values,
		   uint32_t sites, const char *path, struct fault *fault)
{
	uint64_t(*then)[PROFILE_SAMPLES] =
		calloc(profile->stacks_count + 1, sizeof(*then));

	if (!then)
		return fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				 path);
	for (uint32_t site = 0; site < sites; site++) {
		size_t at = profile_stack_of(profile,
					     profile_node_of(profile->segment, site));

		if (values[site].allocs == 0 || at == profile->stacks_count ||
		    site_is_mapping(profile->segment, site) != profile->wants.mappings)
			continue;
		add_site(then[at], &values[site],
			 site_is_sampled(profile->segment, site));
	}
	for (size_t i = 0; i < profile->stacks_count; i++) {
		if (profile->variance)
			profile_window_scale_variance(profile->variance[i],
						      profile->stacks[i].value, then[i]);
		memcpy(profile->stacks[i].value, then[i], sizeof(then[i]));
	}
	free(then);
	memset(profile->total, 0, sizeof(profile->total));
	memset(&profile->coverage, 0, sizeof(profile->coverage));
	return profile_add_up(profile, path, fault);
}

static int note(struct profile *profile, const struct heapring_snapshot *record)
{
	const struct heapring_header *header = &profile->segment->header;
	struct profile_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return -ENOMEM;
	*snapshot = (struct profile_snapshot){
		.at_ns = less(record->mono_ns, header->start_mono_ns),
		.sweep_ns = record->sweep_ns,
		.level = record->level,
		.resident = record->resident,
		.sites = record->sites,
		.left_out = record->sites_left,
	};
	memcpy(snapshot->name, record->name, sizeof(snapshot->name));
	profile->snapshot = snapshot;
	return 0;
}

int profile_snapshot_apply(struct profile *profile, const struct target *target,
			   const char *name, struct fault *fault)
{
	uint32_t most = profile->segment->sites_count;
	struct heapring_values *values = calloc((size_t)most + 1, sizeof(*values));
	struct heapring_snapshot record;
	int r = -ENOMEM;

	if (values)
		r = read_snapshot(target, name, most, values, &record, fault);
	if (r == 0)
		r = replace(profile, values, record.sites, target->path, fault);
	if (r == 0)
		r = note(profile, &record);
	free(values);
	if (r == -ENOMEM)
		return fault_set(fault, FAULT_INPUT, r, "out of memory for %s",
				 target->path);
	return r;
}

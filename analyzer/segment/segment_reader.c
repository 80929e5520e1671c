/*
 * segment_reader - a segment or dump as checked tables in private memory
 *
 * Order for a live target, the reading side of S1-S3 in segment.h:
 *   1. the map and the counters, frees before allocations (counter_pages.c)  (S3)
 *   2. threads and sites, nodes, modules, in this order and each with a new map: what
 *      refers comes before what is referred to, and a site that was counted in 1
 *      was complete before that, so it and its nodes are found              (S2)
 * Each step is at least one system call after the one before, which orders
 * the loads. For a file that is not written any more one map does for both.
 *
 * What was added after the map was read is met by chance: a site, a node or a parent
 * may refer to a page that is not in the map, or to an entry whose page was copied
 * before it was written. So it may in a process killed in the middle of S2. Such
 * references are dropped, not taken for damage: a node without its parent is not
 * there, a site without its node keeps ready == 0 and is counted without a stack by
 * whoever uses it. Those that were counted in 1 are complete.
 */
#include "analyzer/segment/segment_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/segment/counter_pages.h"
#include "analyzer/segment/packed_block.h"
#include "analyzer/segment/segment_map.h"

#define READS_OF_TABLES 4

struct reading {
	struct segment *segment;
	const struct segment_visitor *visitor;
	const char *path;
	struct fault *fault;
};

static int damaged(struct reading *reading, const char *what, uint32_t number)
{
	return fault_set(reading->fault, FAULT_INPUT, -EINVAL, "%s is damaged: %s %u %s",
			 reading->path, what, number,
			 "refers to something that is not there");
}

static int out_of_memory(struct reading *reading)
{
	return fault_set(reading->fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
			 reading->path);
}

static bool counter_is_used(const struct heapring_counter *counter)
{
	/* of a mapping that is cut, another thread may have freed a part and no more */
	return counter->allocs != 0 || counter->frees != 0 || counter->free_bytes != 0;
}

static int read_counters(void *arg, uint32_t number, const struct heapring_page *page,
			 const struct heapring_counter *counter)
{
	struct reading *reading = arg;
	const struct segment_visitor *visitor = reading->visitor;
	uint32_t site = page->index * HR_COUNTERS_PER_PAGE;

	if (page->index > HR_SITE_MAX / HR_COUNTERS_PER_PAGE)
		return damaged(reading, "counter page", page->index);
	for (uint32_t i = 0; i < HR_COUNTERS_PER_PAGE; i++, counter++)
		if (counter_is_used(counter) &&
		    visitor->counter(visitor->arg, page->owner, site + i, counter) < 0)
			return out_of_memory(reading);
	return 0;
}

static int read_threads(void *arg, const struct heapring_page *page, const void *data)
{
	struct reading *reading = arg;
	struct heapring_thread *to =
		reading->segment->threads + (size_t)page->index * HR_THREADS_PER_PAGE;

	memcpy(to, data, HR_PAGE);
	for (unsigned i = 0; i < HR_THREADS_PER_PAGE; i++)
		to[i].name[sizeof(to[i].name) - 1] = '\0';
	return 0;
}

static int read_sites(void *arg, const struct heapring_page *page, const void *data)
{
	struct reading *reading = arg;

	memcpy(reading->segment->sites + (size_t)page->index * HR_SITES_PER_PAGE, data,
	       HR_PAGE);
	return 0;
}

static int read_modules(void *arg, const struct heapring_page *page, const void *data)
{
	struct reading *reading = arg;
	struct heapring_module *to =
		reading->segment->modules + (size_t)page->index * HR_MODULES_PER_PAGE;

	memcpy(to, data, HR_PAGE);
	for (unsigned i = 0; i < HR_MODULES_PER_PAGE; i++) {
		to[i].path[HR_MODULE_PATH - 1] = '\0';
		if (to[i].build_id_len > sizeof(to[i].build_id))
			to[i].build_id_len = 0;
	}
	return 0;
}

static int read_tags(void *arg, const struct heapring_page *page, const void *data)
{
	struct reading *reading = arg;
	struct heapring_tag *to =
		reading->segment->tags + (size_t)page->index * HR_TAGS_PER_PAGE;

	memcpy(to, data, HR_PAGE);
	for (unsigned i = 0; i < HR_TAGS_PER_PAGE; i++)
		to[i].name[HR_TAG_NAME - 1] = '\0';
	return 0;
}

static int read_starts(void *arg, const struct heapring_page *page, const void *data)
{
	struct reading *reading = arg;

	memcpy(reading->segment->starts + (size_t)page->index * HR_STARTS_PER_PAGE, data,
	       HR_PAGE);
	return 0;
}

static int read_nodes(void *arg, const struct heapring_page *page, const void *data)
{
	struct reading *reading = arg;
	const struct heapring_node *from = data;
	uint32_t id = page->index * HR_NODES_PER_PAGE;

	for (uint32_t i = 0; i < HR_NODES_PER_PAGE; i++, id++, from++) {
		if (id < HR_NODE_FIRST || !from->ready)
			continue;
		reading->segment->nodes[id] = (struct segment_node){
			.pc = from->pc,
			.parent = from->parent,
			.module = from->module,
			.depth = UINT16_MAX, /* there, but not checked yet */
		};
	}
	return 0;
}

/* Allocates a table for every page of that type, then lets fn fill it. */
static int load_table(struct reading *reading, const struct segment_map *map,
		      enum heapring_page_type type, uint32_t per_page, size_t entry_bytes,
		      segment_map_page_fn *fn, void *ret_table, uint32_t *ret_count)
{
	uint32_t span = segment_map_span(map, type);
	void *table;

	if (span > UINT32_MAX / per_page - 1)
		return damaged(reading, "a page of table", type);
	table = calloc((size_t)span * per_page + 1, entry_bytes);
	if (!table)
		return out_of_memory(reading);
	*(void **)ret_table = table;
	*ret_count = span * per_page;
	return segment_map_each(map, type, fn, reading, reading->fault);
}

static bool is_there(const struct segment *segment, uint32_t node)
{
	return node < HR_NODE_FIRST ||
	       (node < segment->nodes_count && segment->nodes[node].depth != 0);
}

/* The chain from id up leads nowhere: none of it is there. */
static int drop_chain(struct segment *segment, uint32_t id)
{
	while (id >= HR_NODE_FIRST && is_there(segment, id)) {
		segment->nodes[id].depth = 0;
		id = segment->nodes[id].parent;
	}
	return 0;
}

/*
 * Gives every node on the way up its depth. Counts the steps to the first node
 * whose depth is known; more steps than the limit mean a cycle or a chain that
 * no shim writes.
 */
static int check_chain(struct reading *reading, uint32_t id)
{
	struct segment *segment = reading->segment;
	struct segment_node *nodes = segment->nodes;
	uint32_t steps = 0, base = 0;

	for (uint32_t at = id; at >= HR_NODE_FIRST; at = nodes[at].parent) {
		if (!is_there(segment, at))
			return drop_chain(segment, id);
		if (nodes[at].depth != UINT16_MAX) {
			base = nodes[at].depth;
			break;
		}
		if (++steps > SEGMENT_DEPTH_MAX)
			return damaged(reading, "the endless chain of node", id);
	}
	if (base + steps > SEGMENT_DEPTH_MAX)
		return damaged(reading, "the endless chain of node", id);
	for (uint32_t at = id; steps > 0; at = nodes[at].parent, steps--)
		nodes[at].depth = (uint16_t)(base + steps);
	return 0;
}

static int check_nodes(struct reading *reading)
{
	struct segment *segment = reading->segment;
	int r = 0;

	for (uint32_t id = HR_NODE_FIRST; r == 0 && id < segment->nodes_count; id++) {
		struct segment_node *node = &segment->nodes[id];

		if (node->depth == 0)
			continue;
		if (node->module > segment->modules_count ||
		    (node->module && !segment->modules[node->module - 1].ready))
			node->module = 0;
		r = check_chain(reading, id);
	}
	return r;
}

static void check_sites(struct segment *segment)
{
	for (uint32_t id = 0; id < segment->sites_count; id++) {
		struct heapring_site *site = &segment->sites[id];

		if (!is_there(segment, site->node))
			site->ready = 0;
	}
	for (uint32_t i = 0; i < segment->starts_count; i++)
		if (!is_there(segment, segment->starts[i].node))
			segment->starts[i].node = HR_NODE_ROOT;
}

/* What refers to nodes. */
static int load_referring(struct reading *reading, const struct segment_map *map)
{
	struct segment *segment = reading->segment;
	int r;

	segment->header = map->header;
	r = load_table(reading, map, HR_PAGE_STARTS, HR_STARTS_PER_PAGE,
		       sizeof(*segment->starts), read_starts, &segment->starts,
		       &segment->starts_count);
	if (r == 0)
		r = load_table(reading, map, HR_PAGE_THREADS, HR_THREADS_PER_PAGE,
			       sizeof(*segment->threads), read_threads, &segment->threads,
			       &segment->threads_count);
	if (r == 0)
		r = load_table(reading, map, HR_PAGE_SITES, HR_SITES_PER_PAGE,
			       sizeof(*segment->sites), read_sites, &segment->sites,
			       &segment->sites_count);
	return r;
}

static int load_nodes(struct reading *reading, const struct segment_map *map)
{
	struct segment *segment = reading->segment;

	return load_table(reading, map, HR_PAGE_NODES, HR_NODES_PER_PAGE,
			  sizeof(*segment->nodes), read_nodes, &segment->nodes,
			  &segment->nodes_count);
}

/* What nodes refer to. */
static int load_referred(struct reading *reading, const struct segment_map *map)
{
	struct segment *segment = reading->segment;
	int r = load_table(reading, map, HR_PAGE_MODULES, HR_MODULES_PER_PAGE,
			   sizeof(*segment->modules), read_modules, &segment->modules,
			   &segment->modules_count);

	if (r == 0)
		r = load_table(reading, map, HR_PAGE_TAGS, HR_TAGS_PER_PAGE,
			       sizeof(*segment->tags), read_tags, &segment->tags,
			       &segment->tags_count);
	return r;
}

static int (*const load_steps[])(struct reading *, const struct segment_map *) = {
	load_referring, load_nodes, load_referred
};
#define LOAD_STEPS (sizeof(load_steps) / sizeof(load_steps[0]))

static int check(struct reading *reading)
{
	int r = check_nodes(reading);

	if (r == 0)
		check_sites(reading->segment);
	return r;
}

static int load_tables(struct reading *reading, const struct segment_map *map)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < LOAD_STEPS; i++)
		r = load_steps[i](reading, map);
	return r == 0 ? check(reading) : r;
}

static void free_tables(struct segment *segment)
{
	free(segment->nodes);
	free(segment->sites);
	free(segment->modules);
	free(segment->threads);
	free(segment->tags);
	free(segment->starts);
	memset(segment, 0, sizeof(*segment));
}

/* Each step with a map of its own, which knows what the step before may refer to. */
static int load_live_tables(struct reading *reading, int fd)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < LOAD_STEPS; i++) {
		struct segment_map map;

		r = segment_map_load(fd, reading->path, &map, reading->fault);
		if (r < 0)
			break;
		r = load_steps[i](reading, &map);
		segment_map_done(&map);
	}
	return r == 0 ? check(reading) : r;
}

/* A node may have been read a moment after the page of its parent, which was not complete
 * then: what looks damaged is read again before it is called so. */
static int read_tables_again(struct reading *reading, int fd)
{
	int r = -EINVAL;

	for (int i = 0; r == -EINVAL && i < READS_OF_TABLES; i++) {
		free_tables(reading->segment);
		r = load_live_tables(reading, fd);
	}
	return r;
}

int segment_read(int fd, const char *path, bool is_live,
		 const struct segment_visitor *visitor, struct segment **ret_segment,
		 struct fault *fault)
{
	struct reading reading = { .visitor = visitor, .path = path, .fault = fault };
	struct segment_map map;
	int r = segment_map_load(fd, path, &map, fault);

	if (r < 0)
		return r;
	reading.segment = calloc(1, sizeof(*reading.segment));
	r = reading.segment
		    ? counter_pages_each(&map, is_live, read_counters, &reading, fault)
		    : out_of_memory(&reading);
	if (r == 0)
		r = is_live ? read_tables_again(&reading, fd)
			    : load_tables(&reading, &map);
	segment_map_done(&map);
	if (r == 0)
		r = packed_block_load(fd, path, &reading.segment->header,
				      &reading.segment->packed, fault);
	if (r < 0) {
		segment_free(reading.segment);
		return r;
	}
	*ret_segment = reading.segment;
	return 0;
}

int segment_visit(int fd, const char *path, const struct segment_visitor *visitor,
		  struct fault *fault)
{
	struct reading reading = { .visitor = visitor, .path = path, .fault = fault };
	struct segment_map map;
	int r = segment_map_load(fd, path, &map, fault);

	if (r == 0) {
		r = counter_pages_each(&map, /*is_live=*/false, read_counters, &reading,
				       fault);
		segment_map_done(&map);
	}
	return r;
}

void segment_free(struct segment *segment)
{
	if (!segment)
		return;
	packed_block_free(segment->packed);
	free_tables(segment);
	free(segment);
}

const char *segment_tag_name(const struct segment *segment, uint64_t pc)
{
	uint64_t number = pc & ~HR_TAG_PC;

	if (number == 0 || number >= segment->tags_count || !segment->tags[number].ready)
		return "more tags";
	return segment->tags[number].name;
}

uint16_t segment_module_at(const struct segment *segment, uint64_t address)
{
	uint32_t best = 0, gen = 0;

	for (uint32_t i = 0; i < segment->modules_count; i++) {
		const struct heapring_module *module = &segment->modules[i];

		if (module->ready && address >= module->start && address < module->end &&
		    module->gen_first >= gen) {
			best = i + 1;
			gen = module->gen_first;
		}
	}
	return (uint16_t)best;
}

enum heapring_end segment_node_end(const struct segment *segment, uint32_t node)
{
	while (node >= HR_NODE_FIRST)
		node = segment->nodes[node].parent;
	return (enum heapring_end)node;
}

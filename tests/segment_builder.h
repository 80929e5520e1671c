/*
 * segment_builder - synthetic segments and dumps for tests
 *
 * Contract
 *   - tables are written as segment.h lays them out, page by page, in the order
 *     modules, threads, nodes, sites, counters;
 *   - header fields that a test wants otherwise are set in `header` before
 *     segment_builder_write(); sizes and counts are filled in by it;
 *   - ids start at HR_NODE_FIRST and HR_SITE_FIRST and count up.
 */
#ifndef TESTS_SEGMENT_BUILDER_H
#define TESTS_SEGMENT_BUILDER_H

#include <stdint.h>

#include <heapring/segment.h>

struct segment_builder_counter {
	uint32_t slot, site;
	struct heapring_counter counter;
};

struct segment_builder {
	struct heapring_header header;
	struct heapring_module *modules;
	struct heapring_thread *threads;
	struct heapring_node *nodes; /* from HR_NODE_FIRST */
	struct heapring_site *sites; /* from HR_SITE_FIRST */
	struct segment_builder_counter *counters;
	uint32_t modules_count, threads_count, nodes_count, sites_count, counters_count;
};

struct segment_builder *segment_builder_new(void);
void segment_builder_free(struct segment_builder *builder);

/* Each returns what other records use to refer to it. */
uint16_t segment_builder_module(struct segment_builder *builder, const char *path,
				uint16_t flags);
uint32_t segment_builder_thread(struct segment_builder *builder, const char *name);
uint32_t segment_builder_node(struct segment_builder *builder, uint32_t parent,
			      uint64_t pc, uint16_t module);
uint32_t segment_builder_site(struct segment_builder *builder, uint32_t node,
			      uint64_t rate);
void segment_builder_count(struct segment_builder *builder, uint32_t slot, uint32_t site,
			   struct heapring_counter counter);

/* Reads the build-id of a real file; the module keeps none when there is none. */
void segment_builder_real_module(struct segment_builder *builder, uint16_t module);

/* The whole file in memory; free() it. */
unsigned char *segment_builder_bytes(const struct segment_builder *builder,
				     uint64_t *ret_bytes);
/* 0 or -1. */
int segment_builder_write(const struct segment_builder *builder, const char *path);

/* main -> parse -> two sites, one of them also freed; 3 threads' worth of it. */
struct segment_builder *segment_builder_example(void);

#endif

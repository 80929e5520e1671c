/*
 * segment_reader - a segment or dump as checked tables in private memory
 *
 * Contract
 *   - a segment that is being written gives one consistent picture: every free
 *     that is reported has its allocation, every site its whole stack;
 *   - after success node parents are real nodes or reasons, no chain of parents
 *     is a cycle or longer than SEGMENT_DEPTH_MAX, every site of a counter has a
 *     real node or none, every node's module exists or is 0;
 *   - a damaged or hostile file gives -Exxx and a fault, with nothing to free;
 *   - memory is proportional to the nodes and sites in the file; the counters
 *     pass by and are not kept.
 */
#ifndef ANALYZER_SEGMENT_SEGMENT_READER_H
#define ANALYZER_SEGMENT_SEGMENT_READER_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "analyzer/console/fault.h"

#define SEGMENT_DEPTH_MAX 65534u
#define SEGMENT_KIND_DUMP 1u /* header.kind; 0: a segment */

/* A node of the calling-context tree as the analyzer keeps it. */
struct segment_node {
	uint64_t pc;
	uint32_t parent; /* a node, or below HR_NODE_FIRST how the walk ended */
	uint16_t module; /* index in modules + 1; 0 unknown */
	uint16_t depth;  /* frames from the outer end, from 1; 0: no such node */
};

struct packed_block;

struct segment {
	struct heapring_header header;
	struct segment_node *nodes; /* by node id */
	uint32_t nodes_count;
	struct heapring_site *sites; /* by site id; ready == 0: no such site */
	uint32_t sites_count;
	struct heapring_module *modules; /* by record number; ready == 0: none */
	uint32_t modules_count;
	struct heapring_thread *threads; /* by slot */
	uint32_t threads_count;
	struct heapring_start *starts; /* node 0: none */
	uint32_t starts_count;
	struct heapring_tag *tags; /* by number; ready == 0: no such tag */
	uint32_t tags_count;
	struct packed_block *packed; /* of a packed dump, else NULL */
};

/*
 * Is shown every counter that was ever used. In one from a live segment the frees
 * columns (frees, free_bytes, lifetime, free_*_var) are a moment older than the
 * others; see counter_pages.h.
 */
struct segment_visitor {
	void *arg;
	int (*counter)(void *arg, uint32_t slot, uint32_t site,
		       const struct heapring_counter *counter);
};

/*
 * fd stays the caller's. is_live: the process may be writing now. The visitor
 * returns 0 or a negative errno that ends the reading; it sees sites before those
 * are checked: all it may rely on is site < 1 << HR_SITE_BITS.
 */
int segment_read(int fd, const char *path, bool is_live,
		 const struct segment_visitor *visitor, struct segment **ret_segment,
		 struct fault *fault);
void segment_free(struct segment *segment);

/* Shows the counters alone, once more, as they are. */
int segment_visit(int fd, const char *path, const struct segment_visitor *visitor,
		  struct fault *fault);

/* The name of the tag whose node has that pc, in which HR_TAG_PC is set. */
const char *segment_tag_name(const struct segment *segment, uint64_t pc);

/* The module there, of several one after the other the last: index + 1, 0 none. */
uint16_t segment_module_at(const struct segment *segment, uint64_t address);

/* The node's chain of parents ends here: 0 or HR_END_*. */
enum heapring_end segment_node_end(const struct segment *segment, uint32_t node);

#endif

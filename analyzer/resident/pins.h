/*
 * pins - which stacks' blocks keep nearly empty pages resident
 *
 * Why it exists: after a burst the allocator has little in use and much resident. It can
 * give back only whole pages, and glibc by itself only the end of a heap: a few blocks
 * that survive hold the rest. Their stacks are what to change.
 *
 * Figures of a stack
 *   pinned   free bytes on nearly empty pages (at most a quarter used), shared among the
 *            blocks that lie there
 *   alone    resident pages that would be empty without the stack's blocks
 *   moved    by how much RSS would fall, had the stack's blocks lain somewhere else:
 *            under glibc the end of each heap that only they hold, which free() then
 *            gives back (but for chunks in fastbins there); under others the pages that
 * they alone hold; less what the blocks take where they are then trimmed  the same with
 * malloc_trim(0) afterwards, which also returns empty pages between blocks
 *
 * Contract
 *   - needs every block: -EINVAL and a fault when the profiler samples;
 *   - blocks with a mapping of their own pin nothing, and are left out;
 *   - memory: 16 bytes for each block, and 12 for each resident page.
 */
#ifndef ANALYZER_RESIDENT_PINS_H
#define ANALYZER_RESIDENT_PINS_H

#include "analyzer/resident/glibc_heap.h"
#include "analyzer/views/view_target.h"

#define PINS_BUCKETS 7u

struct pins_stack {
	uint32_t entry; /* of the view's stacks; PINS_OTHER: those not shown */
	uint64_t blocks, bytes;
	double pinned;
	uint64_t alone;
	int64_t moved;
	int64_t trimmed;
};
#define PINS_OTHER UINT32_MAX

struct pins_bucket {
	uint64_t pages;
	uint64_t free; /* bytes on them */
};

struct pins {
	struct pins_stack *stacks; /* what saves the most first */
	size_t count;
	struct pins_bucket
		bucket[PINS_BUCKETS]; /* by share in use, see pins_bucket_name() */
	uint64_t pages;               /* resident, of the heap */
	uint64_t used; /* bytes on them: blocks with what the allocator adds */
	uint64_t pinned;
	uint64_t trimmable;      /* empty pages that malloc_trim(0) would give back now */
	struct glibc_heap glibc; /* zero under other allocators */
	uint64_t packed;         /* all blocks, in size classes, one after the other */
};

int pins_read(const struct view_target *target, struct pins *ret_pins,
	      struct fault *fault);
void pins_done(struct pins *pins);

/* "empty", "up to 1/8", ... "full" */
const char *pins_bucket_name(unsigned bucket);

#endif

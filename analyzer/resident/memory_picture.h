/*
 * memory_picture - whose the resident pages of a live process are, at one moment
 *
 * Puts together what the kernel says (areas, resident pages, stacks), what the shim says
 * (its live table, its own memory, what was mapped directly) and what the allocator's
 * structures say. All of it is read from outside; nothing runs in the process.
 *
 * Who owns an anonymous page, in order of trust: the shim's list of its own; the
 * modules' .bss; recorded mappings; glibc's arenas, chunk by chunk; stacks; under other
 * allocators memory in which live blocks lie, and memory that the allocator's own data
 * points at. What is left was mapped by somebody else.
 *
 * Contract
 *   - everything read is checked: the process may lie, and goes on meanwhile;
 *   - the visitor sees every block of the live table once, with what the allocator made
 *     of it;
 *   - -EPERM with one line where the process may not be looked into.
 */
#ifndef ANALYZER_RESIDENT_MEMORY_PICTURE_H
#define ANALYZER_RESIDENT_MEMORY_PICTURE_H

#include "analyzer/machine/usable_size.h"
#include "analyzer/profile/profile.h"
#include "analyzer/resident/address_space.h"
#include "analyzer/resident/glibc_heap.h"
#include "analyzer/resident/thread_stacks.h"

struct memory_picture {
	uint32_t pid;
	const struct heapring_header *header;
	enum usable_rounding rounding;
	bool has_ranges; /* direct mappings were recorded: what is none of them is known
			  */
	bool may_scan;
	struct memory_map map;
	struct resident_pages pages;
	struct address_space space;
	struct thread_stacks stacks;
	struct glibc_heap glibc; /* zero under other allocators */
};

/* A block and its surroundings; before, size and usable as in usable_size.h. */
struct picture_block {
	const struct live_block *live;
	struct usable_block made;
};

typedef void picture_block_fn(void *arg, const struct picture_block *block);

int memory_picture_read(const struct profile *profile, picture_block_fn *fn, void *arg,
			struct memory_picture *ret_picture, struct fault *fault);
void memory_picture_done(struct memory_picture *picture);

/* Is it of a process that can be looked into, and still there? One line why not. */
int memory_picture_possible(const struct profile *profile, const char *what,
			    struct fault *fault);

#endif

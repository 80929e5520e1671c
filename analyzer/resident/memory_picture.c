#include "analyzer/resident/memory_picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/resident/picture_tables.h"

struct walk {
	struct memory_picture *picture;
	struct process_words words;
	picture_block_fn *fn;
	void *arg;
	bool out_of_memory;
};

int memory_picture_possible(const struct profile *profile, const char *what,
			    struct fault *fault)
{
	const struct heapring_header *header =
		profile->segment ? &profile->segment->header : NULL;

	if (!header || header->pid == 0 || header->kind != 0 ||
	    profile->life != SEGMENT_LIVE)
		return fault_set(
			fault, FAULT_TARGET, -ESRCH,
			"%s: pages can be looked at only while the process runs, "
			"and this one does not; `heapring top` and `heapring slack` "
			"say what its blocks held",
			what);
	return 0;
}

/* Chunks of their own mapping, and heaps that nothing else told of. */
static void claim_block(struct walk *walk, const struct live_block *live,
			const struct usable_block *made)
{
	struct address_space *space = &walk->picture->space;
	struct space_span *span = address_space_at(space, live->address);
	uint64_t from, to;

	if (!span || span->kind != SPACE_UNKNOWN)
		return;
	from = made->has_mapping ? live->address - made->before : span->from;
	to = made->has_mapping ? live->address + made->usable : span->to;
	if (address_space_claim(space, from, to, SPACE_HEAP, 0) < 0)
		walk->out_of_memory = true;
}

static int visit(void *arg, const struct live_block *live)
{
	struct walk *walk = arg;
	struct picture_block block = { .live = live };

	if (live->size > 1ull << 47)
		return 0;
	usable_block(walk->picture->rounding, &walk->words, live, &block.made);
	claim_block(walk, live, &block.made);
	if (walk->fn)
		walk->fn(walk->arg, &block);
	return walk->out_of_memory ? -ENOMEM : 0;
}

static int walk_blocks(struct memory_picture *picture, picture_block_fn *fn, void *arg,
		       struct fault *fault)
{
	struct walk *walk;
	int r;

	if (picture->header->live_table == 0)
		return 0;
	walk = calloc(1, sizeof(*walk));
	if (!walk)
		return -ENOMEM;
	walk->picture = picture;
	walk->words.pid = picture->pid;
	walk->fn = fn;
	walk->arg = arg;
	r = live_blocks_each(picture->header, visit, walk, fault);
	free(walk);
	return r;
}

static int claim_stacks(struct memory_picture *picture)
{
	return thread_stacks_claim(picture->pid, &picture->map, &picture->space,
				   &picture->stacks);
}

/* glibc's heaps and mapped chunks are exact; where a stack begins is not always. */
static int classify_glibc(struct memory_picture *picture, picture_block_fn *fn, void *arg,
			  struct fault *fault)
{
	int r = glibc_heap_claim(picture->pid, &picture->map, &picture->pages,
				 &picture->space, &picture->glibc);

	if (r == 0)
		r = walk_blocks(picture, fn, arg, fault);
	return r == 0 ? claim_stacks(picture) : r;
}

/* Where blocks lie, all that is next to them counts as the allocator's. */
static int classify_other(struct memory_picture *picture, picture_block_fn *fn, void *arg,
			  struct fault *fault)
{
	int r = claim_stacks(picture);

	if (r == 0)
		r = walk_blocks(picture, fn, arg, fault);
	return r == 0 ? picture_claim_pointed_at(picture) : r;
}

/* In the order of trust that the head of memory_picture.h tells. */
static int classify(const struct profile *profile, struct memory_picture *picture,
		    picture_block_fn *fn, void *arg, struct fault *fault)
{
	int r = address_space_init(&picture->space, &picture->map);

	if (r == 0)
		r = picture_claim_private(picture);
	if (r == 0)
		r = picture_claim_modules(picture, profile->segment);
	if (r == 0)
		r = picture_claim_ranges(picture, profile->segment);
	if (r == 0)
		r = picture->rounding == USABLE_GLIBC
			    ? classify_glibc(picture, fn, arg, fault)
			    : classify_other(picture, fn, arg, fault);
	return r == -ENOMEM
		       ? fault_set(fault, FAULT_INPUT, r, "out of memory for the pages")
		       : r;
}

int memory_picture_read(const struct profile *profile, picture_block_fn *fn, void *arg,
			struct memory_picture *ret_picture, struct fault *fault)
{
	const struct heapring_header *header = &profile->segment->header;
	struct memory_picture *picture = ret_picture;
	int r;

	memset(picture, 0, sizeof(*picture));
	picture->pid = header->pid;
	picture->header = header;
	picture->rounding = usable_rounding_of(header);
	r = memory_map_read(picture->pid, &picture->map, fault);
	if (r == 0)
		r = resident_pages_read(picture->pid, &picture->map, /*may_scan=*/true,
					&picture->pages, fault);
	if (r == 0)
		r = classify(profile, picture, fn, arg, fault);
	if (r < 0)
		memory_picture_done(picture);
	return r;
}

void memory_picture_done(struct memory_picture *picture)
{
	address_space_done(&picture->space);
	resident_pages_done(&picture->pages);
	memory_map_done(&picture->map);
}

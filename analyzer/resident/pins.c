/*
 * pins - which stacks' blocks keep nearly empty pages resident
 *
 * Blocks are taken down in one walk and sorted; everything else is arithmetic on them
 * and on the resident pages, so all figures are of one moment.
 */
#include "analyzer/resident/pins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/resident/memory_picture.h"
#include "analyzer/resident/rss.h"

#define PAGE RESIDENT_PAGE
#define BLOCKS_MAX (1u << 28)
#define NEARLY_EMPTY (PAGE / 4)
#define CHUNK_MIN 32u
#define CHUNK_RECORD 48u       /* of a free chunk: malloc_trim() keeps it */
#define GLIBC_PAD (128u << 10) /* M_TOP_PAD and M_TRIM_THRESHOLD */
#define OWNER_NONE 0u
#define OWNER_MANY UINT32_MAX

/* A block with all that the allocator spends on it. */
struct pinning_block {
	uint64_t from;
	uint32_t bytes; /* from on; larger ones are cut: nobody pins with them */
	uint32_t owner; /* entry + 1; OWNER_OTHER */
};
#define OWNER_OTHER (UINT32_MAX - 1)

struct pinning_page {
	uint16_t used;
	uint16_t is_heap;
	uint32_t blocks;
	uint32_t owner; /* whose blocks alone; OWNER_MANY */
};

struct pinning {
	const struct view_target *target;
	struct memory_picture picture;
	struct pinning_block *blocks;
	size_t count, room;
	struct pinning_page *pages; /* as the resident runs have them */
	size_t pages_count;
	struct pins_stack *stacks; /* by owner - 1; the last one is OWNER_OTHER's */
	size_t stacks_count;
	bool out_of_memory;
};

const char *pins_bucket_name(unsigned bucket)
{
	static const char *const names[PINS_BUCKETS] = { "empty",     "up to 1/8",
							 "up to 1/4", "up to 1/2",
							 "up to 3/4", "below full",
							 "full" };

	return names[bucket];
}

static unsigned bucket_of(unsigned used)
{
	static const unsigned most[] = { 0,        PAGE / 8,     PAGE / 4,
					 PAGE / 2, PAGE * 3 / 4, PAGE - 1 };
	unsigned bucket = 0;

	while (bucket < sizeof(most) / sizeof(most[0]) && used > most[bucket])
		bucket++;
	return bucket;
}

static uint32_t owner_of(const struct pinning *pinning, uint32_t site)
{
	const struct profile *profile = pinning->target->profile;
	uint32_t node = profile_node_of(profile->segment, site);
	size_t stack = profile_stack_of(profile, node);
	uint32_t entry;

	if (stack >= profile->stacks_count || profile->stacks[stack].node != node)
		return OWNER_OTHER;
	entry = pinning->target->set.entry_of[stack];
	return entry == STACK_SET_NONE ? OWNER_OTHER : entry + 1;
}

static void take_down(void *arg, const struct picture_block *block)
{
	struct pinning *pinning = arg;
	uint64_t bytes = block->made.before + block->made.usable;
	struct pinning_block *grown;

	if (block->made.has_mapping || bytes > 1u << 30 || pinning->out_of_memory)
		return;
	if (pinning->count == pinning->room) {
		pinning->room = pinning->room ? 2 * pinning->room : 4096;
		grown = pinning->room > BLOCKS_MAX
				? NULL
				: realloc(pinning->blocks,
					  pinning->room * sizeof(*grown));
		if (!grown) {
			pinning->out_of_memory = true;
			return;
		}
		pinning->blocks = grown;
	}
	pinning->blocks[pinning->count++] = (struct pinning_block){
		.from = block->live->address - block->made.before,
		.bytes = (uint32_t)bytes,
		.owner = owner_of(pinning, block->live->site),
	};
}

static int by_address(const void *a, const void *b)
{
	const struct pinning_block *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static struct pins_stack *stack_of(struct pinning *pinning, uint32_t owner)
{
	size_t last = pinning->stacks_count - 1;

	return &pinning->stacks[owner == OWNER_OTHER ? last : owner - 1];
}

/* Number of the first resident page at or above the address. */
static size_t page_number(struct pinning *pinning, uint64_t address)
{
	return resident_bytes(&pinning->picture.pages, 0,
			      address & ~(uint64_t)(PAGE - 1)) /
	       PAGE;
}

static void add_to_page(struct pinning_page *page, uint64_t bytes, uint32_t owner)
{
	uint64_t used = page->used + bytes;

	page->used = used < PAGE ? (uint16_t)used : PAGE; /* torn blocks overlap */
	page->blocks++;
	if (page->owner == OWNER_NONE)
		page->owner = owner;
	else if (page->owner != owner)
		page->owner = OWNER_MANY;
}

/* Puts each block on the resident pages that it lies on. */
static void fill_pages(struct pinning *pinning)
{
	struct resident_pages *pages = &pinning->picture.pages;

	for (size_t i = 0; i < pinning->count; i++) {
		const struct pinning_block *block = &pinning->blocks[i];
		uint64_t at = block->from, end = at + block->bytes;
		size_t number = page_number(pinning, at);

		stack_of(pinning, block->owner)->blocks++;
		stack_of(pinning, block->owner)->bytes += block->bytes;
		while (at < end) {
			uint64_t next = (at | (PAGE - 1)) + 1;

			next = next < end ? next : end;
			if (resident_bytes(pages, at, next) == next - at &&
			    number < pinning->pages_count)
				add_to_page(&pinning->pages[number++], next - at,
					    block->owner);
			at = next;
		}
	}
}

static void mark_heap(struct pinning *pinning)
{
	const struct address_space *space = &pinning->picture.space;

	for (size_t i = 0; i < space->count; i++) {
		const struct space_span *span = &space->spans[i];
		size_t at, end;

		if (span->kind != SPACE_HEAP)
			continue;
		at = page_number(pinning, span->from + PAGE - 1);
		end = page_number(pinning, span->to);
		for (; at < end && at < pinning->pages_count; at++)
			pinning->pages[at].is_heap = 1;
	}
}

/* Shares out the free bytes of nearly empty pages. */
static void share_pinned(struct pinning *pinning)
{
	for (size_t i = 0; i < pinning->count; i++) {
		const struct pinning_block *block = &pinning->blocks[i];
		uint64_t first = block->from & ~(uint64_t)(PAGE - 1);
		uint64_t last = (block->from + block->bytes - 1) & ~(uint64_t)(PAGE - 1);

		for (uint64_t at = first; at <= last;
		     at += last > first ? last - first : PAGE) {
			size_t number = page_number(pinning, at);
			const struct pinning_page *page = &pinning->pages[number];

			if (number < pinning->pages_count && page->blocks > 0 &&
			    page->used <= NEARLY_EMPTY &&
			    resident_bytes(&pinning->picture.pages, at, at + 1))
				stack_of(pinning, block->owner)->pinned +=
					(double)(PAGE - page->used) / page->blocks;
		}
	}
}

static void count_pages(struct pinning *pinning, struct pins *pins)
{
	for (size_t i = 0; i < pinning->pages_count; i++) {
		const struct pinning_page *page = &pinning->pages[i];
		struct pins_bucket *bucket = &pins->bucket[bucket_of(page->used)];

		if (!page->is_heap)
			continue;
		pins->pages++;
		pins->used += page->used;
		bucket->pages++;
		bucket->free += PAGE - page->used;
		if (page->used > 0 && page->used <= NEARLY_EMPTY)
			pins->pinned += PAGE - page->used;
		if (page->owner != OWNER_NONE && page->owner != OWNER_MANY)
			stack_of(pinning, page->owner)->alone += PAGE;
	}
}

/* Resident pages wholly within [from, to). */
static uint64_t whole_pages(struct pinning *pinning, uint64_t from, uint64_t to)
{
	from = (from + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	to &= ~(uint64_t)(PAGE - 1);
	return from < to ? resident_bytes(&pinning->picture.pages, from, to) : 0;
}

/* The first block at or above the address; count: none. */
static size_t block_above(const struct pinning *pinning, uint64_t address)
{
	size_t low = 0, high = pinning->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pinning->blocks[middle].from < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t end_of(const struct pinning_block *block)
{
	return block->from + block->bytes;
}

/*
 * Chunks from [at, end) that glibc takes for used and in which none of our blocks lies:
 * they are in fastbins or a thread's cache, and free() does not cut the heap below
 * them. The end of the last one; i: the first block that may lie there.
 */
static uint64_t above_cached(struct pinning *pinning, uint64_t at, uint64_t end, size_t i)
{
	struct process_words *words = calloc(1, sizeof(*words));
	uint64_t above = at;

	if (!words)
		return end;
	words->pid = pinning->picture.pid;
	while (at + CHUNK_MIN < end) {
		uint64_t next = at + (process_word(words, at + 8) & ~(uint64_t)7);

		if (next < at + CHUNK_MIN || next >= end)
			break;
		while (i < pinning->count && pinning->blocks[i].from < at + 8)
			i++;
		if ((process_word(words, next + 8) & 1) &&
		    (i == pinning->count || pinning->blocks[i].from != at + 8))
			above = next;
		at = next;
	}
	free(words);
	return above;
}

/*
 * The end of a heap belongs to whoever has the last block, down to the last block of
 * somebody else: without them free() would have given it back, but for what it pads
 * the top with.
 */
static void hold_end(struct pinning *pinning, const struct space_span *span)
{
	size_t last = block_above(pinning, span->to), first;
	uint64_t from = span->from, resident;
	uint32_t owner;

	if (last == 0 || pinning->blocks[last - 1].from < span->from)
		return;
	owner = pinning->blocks[last - 1].owner;
	for (first = last; first > 0 && pinning->blocks[first - 1].from >= span->from &&
			   pinning->blocks[first - 1].owner == owner;)
		first--;
	if (first > 0 && pinning->blocks[first - 1].from >= span->from)
		from = end_of(&pinning->blocks[first - 1]) - 8; /* a chunk begins there */
	from = above_cached(pinning, from, span->to, first);
	resident = whole_pages(pinning, from, span->to);
	if (resident > GLIBC_PAD)
		stack_of(pinning, owner)->moved += (int64_t)(resident - GLIBC_PAD);
}

/*
 * What malloc_trim() returns lies between blocks. Without those of one stack the gaps
 * around them are one gap, together with the blocks.
 */
static void widen_gaps(struct pinning *pinning, const struct space_span *span,
		       struct pins *pins)
{
	size_t end = block_above(pinning, span->to), next;
	uint64_t from = span->from, to;

	for (size_t i = block_above(pinning, span->from); i < end; i = next) {
		uint64_t gaps = 0, wide;

		for (next = i; next < end &&
			       pinning->blocks[next].owner == pinning->blocks[i].owner;
		     next++) {
			gaps += whole_pages(pinning, from + CHUNK_RECORD,
					    pinning->blocks[next].from);
			from = end_of(&pinning->blocks[next]);
		}
		pins->trimmable += gaps;
		to = next < end ? pinning->blocks[next].from : span->to;
		wide = whole_pages(pinning,
				   (i > 0 && pinning->blocks[i - 1].from >= span->from
					    ? end_of(&pinning->blocks[i - 1])
					    : span->from) +
					   CHUNK_RECORD,
				   to);
		gaps += whole_pages(pinning, from + CHUNK_RECORD, to);
		stack_of(pinning, pinning->blocks[i].owner)->trimmed +=
			(int64_t)(wide - (gaps < wide ? gaps : wide));
	}
}

static void foresee_glibc(struct pinning *pinning, struct pins *pins)
{
	const struct address_space *space = &pinning->picture.space;

	for (size_t i = 0; i < space->count; i++)
		if (space->spans[i].kind == SPACE_HEAP) {
			hold_end(pinning, &space->spans[i]);
			widen_gaps(pinning, &space->spans[i], pins);
		}
	for (size_t i = 0; i < pinning->stacks_count; i++) {
		struct pins_stack *stack = &pinning->stacks[i];

		stack->trimmed += (int64_t)pins->trimmable;
		if (stack->trimmed < stack->moved)
			stack->trimmed = stack->moved;
	}
}

/* Less what the blocks take where they are then; what would only move saves nothing. */
static void foresee(struct pinning *pinning, struct pins *pins)
{
	bool glibc = pinning->picture.rounding == USABLE_GLIBC;

	if (glibc)
		foresee_glibc(pinning, pins);
	for (size_t i = 0; i < pinning->stacks_count; i++) {
		struct pins_stack *stack = &pinning->stacks[i];
		int64_t elsewhere =
			(int64_t)((stack->bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1));

		if (!glibc)
			stack->moved = stack->trimmed = (int64_t)stack->alone;
		stack->moved = stack->moved > elsewhere ? stack->moved - elsewhere : 0;
		stack->trimmed =
			stack->trimmed > elsewhere ? stack->trimmed - elsewhere : 0;
	}
}

static int by_saving(const void *a, const void *b)
{
	const struct pins_stack *x = a, *y = b;

	if (x->moved != y->moved)
		return x->moved < y->moved ? 1 : -1;
	if (x->alone != y->alone)
		return x->alone < y->alone ? 1 : -1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

/* In the order of what would be saved; those that hold nothing go. */
static void rank(struct pinning *pinning, struct pins *pins)
{
	size_t kept = 0;

	for (size_t i = 0; i < pinning->stacks_count; i++) {
		struct pins_stack *stack = &pinning->stacks[i];

		stack->entry = i + 1 < pinning->stacks_count ? (uint32_t)i : PINS_OTHER;
		if (stack->alone > 0 || stack->moved > 0 || stack->pinned >= 1)
			pinning->stacks[kept++] = *stack;
	}
	if (kept > 0)
		qsort(pinning->stacks, kept, sizeof(*pinning->stacks), by_saving);
	pins->stacks = pinning->stacks;
	pins->count = kept;
	pinning->stacks = NULL;
}

static int prepare(struct pinning *pinning)
{
	const struct resident_pages *pages = &pinning->picture.pages;
	const struct resident_run *last = pages->runs + pages->count - 1;

	if (pinning->count > 0)
		qsort(pinning->blocks, pinning->count, sizeof(*pinning->blocks),
		      by_address);
	pinning->pages_count =
		pages->count ? (last->before + last->to - last->from) / PAGE : 0;
	pinning->pages = calloc(pinning->pages_count + 1, sizeof(*pinning->pages));
	pinning->stacks_count = pinning->target->set.count + 1;
	pinning->stacks = calloc(pinning->stacks_count, sizeof(*pinning->stacks));
	return pinning->pages && pinning->stacks ? 0 : -ENOMEM;
}

static int compute(struct pinning *pinning, struct pins *pins)
{
	int r = prepare(pinning);

	if (r < 0)
		return r;
	mark_heap(pinning);
	fill_pages(pinning);
	share_pinned(pinning);
	count_pages(pinning, pins);
	for (size_t i = 0; i < pinning->count; i++)
		pins->packed += usable_rounded(USABLE_JEMALLOC, pinning->blocks[i].bytes);
	foresee(pinning, pins);
	pins->glibc = pinning->picture.glibc;
	rank(pinning, pins);
	return 0;
}

int pins_read(const struct view_target *target, struct pins *ret_pins,
	      struct fault *fault)
{
	struct pinning pinning = { .target = target };
	int r = memory_picture_possible(target->profile, "pins", fault);

	memset(ret_pins, 0, sizeof(*ret_pins));
	if (r == 0 && !rss_is_exact(target->profile->segment))
		r = fault_set(fault, FAULT_TARGET, -EINVAL,
			      "pins: whether a page is nearly empty takes knowing every "
			      "block, and not all of this process's were counted; run it "
			      "with --rate exact");
	if (r == 0)
		r = memory_picture_read(target->profile, take_down, &pinning,
					&pinning.picture, fault);
	if (r < 0)
		return r;
	if (pinning.out_of_memory || compute(&pinning, ret_pins) < 0)
		r = fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for pins");
	memory_picture_done(&pinning.picture);
	free(pinning.blocks);
	free(pinning.pages);
	free(pinning.stacks);
	return r;
}

void pins_done(struct pins *pins)
{
	free(pins->stacks);
	memset(pins, 0, sizeof(*pins));
}

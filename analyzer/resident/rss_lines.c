#include "analyzer/resident/rss_lines.h"

#include <string.h>

struct writing {
	struct memory_picture *picture;
	const struct rss_heap *heap;
	struct rss *rss;
	int64_t sum; /* of depth 0 */
};

static void put(struct writing *writing, struct rss_line line)
{
	struct rss *rss = writing->rss;

	if (rss->lines_count == RSS_LINES)
		return;
	rss->lines[rss->lines_count++] = line;
	if (line.depth == 0)
		writing->sum += line.bytes;
}

static int64_t resident(struct writing *writing, enum space_kind kind)
{
	return (int64_t)address_space_resident(&writing->picture->space, kind,
					       &writing->picture->pages);
}

static void put_live(struct writing *writing)
{
	struct rss_line line = { "live",
				 "live: bytes that blocks in use asked for",
				 0,
				 (int64_t)writing->heap->live_resident,
				 "live table and page residency, block by block",
				 "blocks that came or went in that moment" };

	if (writing->picture->header->live_table == 0) {
		line.how = "the counters: there is no live table that can be read";
		line.error = "all is thought resident";
	} else if (writing->rss->is_estimate) {
		line.how = "blocks that were counted, by weight, and page residency";
		line.error = "sampling error; blocks of times when nothing was counted";
	}
	put(writing, line);
}

static void put_slack(struct writing *writing)
{
	const struct rss_heap *heap = writing->heap;
	bool rounding = writing->picture->rounding != USABLE_UNKNOWN;

	put(writing,
	    (struct rss_line){
		    "slack", "slack: rounded up by the allocator", 0,
		    rounding ? (int64_t)heap->slack_resident : 0,
		    writing->picture->rounding == USABLE_GLIBC
			    ? "chunk sizes, block by block"
		    : rounding ? "size classes of jemalloc, block by block"
			       : "not known of this allocator: counts as free below",
		    writing->rss->is_estimate ? "sampling error" : "" });
}

/* Headers of blocks, and what the allocator keeps its books in. */
static void put_overhead(struct writing *writing)
{
	int64_t tables = resident(writing, SPACE_TABLES);
	bool glibc = writing->picture->rounding == USABLE_GLIBC;

	put(writing,
	    (struct rss_line){ "allocator", "the allocator's own: headers and tables", 0,
			       tables + (int64_t)writing->heap->headers_resident,
			       glibc ? "8 bytes a chunk, arenas and heap records"
				     : "memory without blocks that its data points at",
			       glibc ? "tcache tables are blocks to it: in free below"
				     : "headers inside of its pages are in free below" });
}

/* glibc alone says what kind of free memory it is. */
static void put_free_parts(struct writing *writing, int64_t free)
{
	const struct glibc_heap *glibc = &writing->picture->glibc;
	int64_t known = (int64_t)(glibc->top + glibc->free);

	if (writing->picture->rounding != USABLE_GLIBC || glibc->broken > 0)
		return;
	put(writing, (struct rss_line){ "free_top", "above the last block of a heap", 1,
					(int64_t)glibc->top, "chunk walk", "" });
	put(writing, (struct rss_line){ "free_binned", "in bins, between blocks", 1,
					(int64_t)glibc->free, "chunk walk", "" });
	put(writing,
	    (struct rss_line){ "free_cached", "in tcache and fastbins", 1, free - known,
			       "used chunks less those of the live table",
			       "and blocks that the profiler did not see" });
}

static void put_free(struct writing *writing)
{
	const struct rss_heap *heap = writing->heap;
	int64_t free = resident(writing, SPACE_HEAP) - (int64_t)heap->live_resident -
		       (int64_t)heap->headers_resident;
	enum usable_rounding rounding = writing->picture->rounding;

	if (rounding != USABLE_UNKNOWN)
		free -= (int64_t)heap->slack_resident;
	put(writing,
	    (struct rss_line){
		    "free", "free inside the allocator", 0, free,
		    rounding == USABLE_GLIBC
			    ? "resident pages of its heaps less the lines above"
			    : "derived: resident pages of memory with blocks, less them",
		    rounding == USABLE_GLIBC
			    ? (writing->picture->glibc.broken
				       ? "a heap changed while its chunks were read"
				       : "")
		    : writing->picture->has_ranges
			    ? "its tables within that memory count here"
			    : "mappings of others that the kernel joined with it count "
			      "here; `run --mmap` tells them apart" });
	put_free_parts(writing, free);
}

static void put_direct(struct writing *writing)
{
	bool known = writing->picture->has_ranges;
	bool glibc = writing->picture->rounding == USABLE_GLIBC;

	put(writing,
	    (struct rss_line){
		    "direct", "mapped past the allocator (mmap)", 0,
		    resident(writing, SPACE_DIRECT),
		    known ? "the recorded ranges, by stack"
			  : "by exclusion: anonymous, and nobody's above or below",
		    known   ? ""
		    : glibc ? "whose is not known: `run --mmap` records the stacks"
			    : "the allocator's, where no block lies in it and nothing "
			      "points at it; `run --mmap` records the stacks" });
}

static void put_files(struct writing *writing)
{
	int64_t code = resident(writing, SPACE_FILE);
	int64_t data = resident(writing, SPACE_DATA);

	put(writing, (struct rss_line){ "files", "file mappings, modules' data", 0,
					code + data, "smaps and pagemap", "" });
	put(writing,
	    (struct rss_line){ "files_clean", "pages of files: code, constants, data", 1,
			       code, "areas of files that are mostly unchanged",
			       "changed pages in such an area; shared with other "
			       "processes" });
	put(writing, (struct rss_line){ "files_data", "data and .bss of modules", 1, data,
					"areas of files that are mostly changed copies",
					"unchanged pages in such an area" });
	put(writing,
	    (struct rss_line){ "shared", "shared memory, tmpfs, memfd", 0,
			       resident(writing, SPACE_SHARED), "smaps and pagemap",
			       "shared with other processes" });
}

static void put_rest(struct writing *writing)
{
	struct rss *rss = writing->rss;

	put(writing, (struct rss_line){
			     "stacks", "thread stacks", 0, resident(writing, SPACE_STACK),
			     "stack pointers, and the threads' records in their stacks",
			     rss->stacks_alive < rss->threads
				     ? "threads that ran at every look may be missing"
				     : "" });
	put(writing, (struct rss_line){ "profiler", "the profiler itself", 0,
					resident(writing, SPACE_PROFILER),
					"its list of its own memory, segment, library",
					"code of the library is shared" });
	put(writing,
	    (struct rss_line){
		    "unexplained", "unexplained", 0,
		    (int64_t)rss->resident - writing->sum, "RSS by smaps less all above",
		    rss->drift ? "the process changed while it was looked at" : "" });
	if (writing->picture->has_ranges)
		put(writing,
		    (struct rss_line){ "unrecorded", "anonymous, of nobody known", 1,
				       resident(writing, SPACE_UNKNOWN),
				       "mapped without our hooks: by libc, or before "
				       "they were there",
				       "" });
}

void rss_lines_write(struct memory_picture *picture, const struct rss_heap *heap,
		     struct rss *rss)
{
	struct writing writing = { .picture = picture, .heap = heap, .rss = rss };

	put_live(&writing);
	put_slack(&writing);
	put_overhead(&writing);
	put_free(&writing);
	put_direct(&writing);
	put_files(&writing);
	put_rest(&writing);
}

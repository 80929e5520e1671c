/*
 * segment_writer - the target's side of its segment: create, grow, finish
 *
 * Why it exists: everything that must outlive the process lives in one file
 * that is mapped shared. This module owns the file, the mapping and the page
 * map; what the pages hold is the business of tree.c, counters.c, modules.c.
 *
 * Contract
 *   - segment_page_new() may be called from any thread inside malloc; it makes
 *     a system call only when it crosses a growth step, and none at all after
 *     segment_freeze();
 *   - a page handed out is really allocated (touching it cannot raise SIGBUS),
 *     zeroed, and entered in the page map before the caller sees it;
 *   - when the budget or the file system is used up it returns NULL, for good.
 */
#ifndef PRELOAD_SEGMENT_WRITER_H
#define PRELOAD_SEGMENT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/segment.h>

struct segment {
	struct heapring_header *header; /* NULL: no segment, count nothing */
	char *base;
	uint64_t bytes; /* of the mapping */
};

extern struct segment segment __attribute__((visibility("hidden")));

/* Creates the file in dir and maps it; 0 or -errno. budget is in bytes. */
int segment_create(const char *dir, uint64_t budget);

/* Forgets a mapping inherited through fork; the parent's file is untouched. */
void segment_forget(void);

/* The same, but for the header, which is returned: the caller's to release. */
struct heapring_header *segment_leave(void);

/* From now on this process writes into a copy of its own. */
void segment_make_private(void);

/* A fresh page that only its owner takes, or NULL. */
void *segment_page_new(enum heapring_page_type type, uint32_t owner, uint32_t index);

/*
 * The page at *place, made when there is none: part index of a table of this owner's.
 * Who races for it gets the same page: another thread, or the handler of a signal that
 * came in the midst of this. NULL: no more room.
 */
void *segment_page_at(void **place, enum heapring_page_type type, uint32_t owner,
		      uint32_t index);

/* The same for a table that all threads share. */
void *segment_table_page(void **pages, uint32_t index, enum heapring_page_type type);

/* Sees to it that so many pages can be had without a system call, in one step of growth
 * at most. True: it took that step. */
bool segment_grow_ahead(uint32_t pages);

/* From now on growing is forbidden (a sandbox would kill the process). */
void segment_freeze(uint32_t reason);

/* The same for a sandbox, after growing once more by 1 MiB. */
void segment_freeze_with_reserve(void);

/* Cuts the file to the pages in use; safe at exit, by path. */
void segment_trim(void);

/* Copies the segment to a dump file; 0 or -errno. */
int segment_dump(const char *path);

const char *segment_path(void);

static inline void *segment_at(uint32_t page)
{
	return segment.base + (uint64_t)page * HR_PAGE;
}

#endif

/*
 * resident_pages - which pages of a process are in memory
 *
 * Why it exists: RSS is counted in pages. A block that was never touched, or whose page
 * was given back, takes none; a block of one byte keeps a whole one.
 *
 * Contract
 *   - a page counts as smaps counts it for Rss: present, and not the zero page that
 *     reading fresh memory maps;
 *   - nothing is made resident by asking;
 *   - areas of more than RESIDENT_AREA_MAX bytes, which are reservations, are looked
 *     through where the kernel can name their pages at once (6.7 and later) and are left
 *     out elsewhere.
 */
#ifndef ANALYZER_MACHINE_RESIDENT_PAGES_H
#define ANALYZER_MACHINE_RESIDENT_PAGES_H

#include "analyzer/machine/memory_map.h"

#define RESIDENT_PAGE 4096u
#define RESIDENT_AREA_MAX (1ull << 38)

/* Neighbouring resident pages. */
struct resident_run {
	uint64_t from, to;
	uint64_t before; /* bytes in the runs before */
};

struct resident_pages {
	struct resident_run *runs; /* by address */
	size_t count;
	size_t at; /* the run of the last answer: questions come in order */
};

/* may_scan: use the fast way where the kernel has it. */
int resident_pages_read(uint32_t pid, const struct memory_map *map, bool may_scan,
			struct resident_pages *ret_pages, struct fault *fault);
void resident_pages_done(struct resident_pages *pages);

/* How many bytes of [from, to) lie on resident pages. */
uint64_t resident_bytes(struct resident_pages *pages, uint64_t from, uint64_t to);

#endif

/*
 * address_space - whose each part of a process's address space is
 *
 * Contract
 *   - begins with what the map itself says (files, stacks, shared memory); what is
 *     private, anonymous and writable or not is SPACE_UNKNOWN until somebody claims it;
 *   - a claim takes only what is still unknown: the first one with evidence wins;
 *   - spans are in order, do not overlap, and cover what the map's areas cover.
 */
#ifndef ANALYZER_RESIDENT_ADDRESS_SPACE_H
#define ANALYZER_RESIDENT_ADDRESS_SPACE_H

#include "analyzer/machine/memory_map.h"
#include "analyzer/machine/resident_pages.h"

enum space_kind {
	SPACE_UNKNOWN,
	SPACE_HEAP,   /* the allocator's, for blocks */
	SPACE_TABLES, /* the allocator's, for itself */
	SPACE_DIRECT, /* mapped by the program past its allocator */
	SPACE_FILE,   /* pages of files: code, constants, data that is mapped */
	SPACE_DATA,   /* of modules: changed copies of file pages, and .bss */
	SPACE_SHARED, /* shared memory, tmpfs and memfd */
	SPACE_STACK,
	SPACE_PROFILER,
	SPACE_KINDS
};

struct space_span {
	uint64_t from, to;
	enum space_kind kind;
	uint32_t site; /* of SPACE_DIRECT: that mapped it; 0 unknown */
};

struct address_space {
	struct space_span *spans;
	size_t count, room;
	size_t at; /* the span of the last answer: questions come in order */
};

int address_space_init(struct address_space *space, const struct memory_map *map);
void address_space_done(struct address_space *space);

/* 0 or -ENOMEM. */
int address_space_claim(struct address_space *space, uint64_t from, uint64_t to,
			enum space_kind kind, uint32_t site);

/* The span that holds the address, or NULL; valid until the next claim. */
struct space_span *address_space_at(struct address_space *space, uint64_t address);

/* Resident bytes of all spans of a kind. */
uint64_t address_space_resident(const struct address_space *space, enum space_kind kind,
				struct resident_pages *pages);

#endif

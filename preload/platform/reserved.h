/*
 * reserved - the shim's own part of the address space
 *
 * Tens of TiB are reserved and next to nothing of them is touched. What a program does to
 * all of its memory (mlockall, RLIMIT_AS, fork) has to know them apart from its own.
 * os_reserve(), os_map_shared() and os_release() keep the record. No lock: entries are
 * made while the process starts, and later by one thread at a time or not at all.
 * Readers outside find the record through the segment's header (live_memory.h).
 */
#ifndef PRELOAD_RESERVED_H
#define PRELOAD_RESERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/live_memory.h>

extern struct heapring_private reserved_memory __attribute__((visibility("hidden")));

enum reserved_kind {
	RESERVED_WIPED, /* private, zeroed in children */
	RESERVED_KEPT,
	RESERVED_SHARED,
};

/* False: no place for it. What is not recorded counts as the program's. */
bool reserved_note(const void *mem, size_t bytes, enum reserved_kind kind);

/* The whole of a range, or its end, was given back. */
void reserved_drop(const void *mem);

/* All of it, or the private part. */
uint64_t reserved_bytes(bool shared_too);

struct reserved_range {
	uintptr_t from, to;
};

/* The lowest range of ours that meets [from, to), cut to it; false: there is none. */
bool reserved_within(uintptr_t from, uintptr_t to, struct reserved_range *ret_range);

/* The i-th range that is wiped in children; false past the last. */
bool reserved_wiped(unsigned i, struct reserved_range *ret_range);

#endif

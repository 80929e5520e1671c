/*
 * picture_tables - what the target's own tables say of its address space
 *
 * Contract: each claims in picture->space and returns 0 or -ENOMEM. Tables that are
 * not there, or do not make sense, claim nothing.
 */
#ifndef ANALYZER_RESIDENT_PICTURE_TABLES_H
#define ANALYZER_RESIDENT_PICTURE_TABLES_H

#include "analyzer/resident/memory_picture.h"

/* The shim's reservations. */
int picture_claim_private(struct memory_picture *picture);

/* Data and .bss of modules; those of the shim are the profiler's. */
int picture_claim_modules(struct memory_picture *picture, const struct segment *segment);

/* What was mapped past the allocator, where that is recorded; sets has_ranges. */
int picture_claim_ranges(struct memory_picture *picture, const struct segment *segment);

/* What the allocator's data points at: tables that it made for itself. */
int picture_claim_pointed_at(struct memory_picture *picture);

#endif

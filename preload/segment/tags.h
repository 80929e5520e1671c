/*
 * tags - names that the program puts around what it allocates
 *
 * A tag is a node of the tree like a frame, outermost on its stacks, whose pc is no
 * address: HR_TAG_PC and the tag's number. So every site under a tag is a site of
 * its own, and nothing on the hot path knows of tags.
 *
 * Contract: tags_number() may be called from any thread; no lock, no allocation. Number 0
 * is what names past the table's room share.
 */
#ifndef PRELOAD_TAGS_H
#define PRELOAD_TAGS_H

#include <stdbool.h>
#include <stdint.h>

/* Reserves private memory, once for all address spaces. */
bool tags_reserve(void);

/* The number of a name, which is entered when it is new. */
uint32_t tags_number(const char *name);

#endif

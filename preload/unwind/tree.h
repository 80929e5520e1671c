/*
 * tree - the calling-context tree: one node for every distinct stack prefix
 *
 * Contract
 *   - tree_child() may be called from any thread inside malloc: no lock, no
 *     allocation but segment pages; the same (parent, pc) gives the same node,
 *     except that two threads that meet it first at the same moment may make
 *     two nodes: a reader adds up equal stacks;
 *   - nodes and sites are never freed or reused;
 *   - when the budget is used up tree_child() returns HR_END_OVERFLOW, whose
 *     children are itself, and tree_site() returns HR_SITE_OVERFLOW.
 *
 * Sites are numbered from 0 in the segment; in the live table of a fork child
 * they are offset by tree_site_base(), so that blocks inherited from the parent
 * are told apart by their number alone.
 */
#ifndef PRELOAD_TREE_H
#define PRELOAD_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/segment.h>

/* Reserves the private index, makes the pseudo nodes and the overflow site. */
bool tree_init(uint32_t site_base);

uint32_t tree_child(uint32_t parent, uintptr_t pc);

/* A node that tree_child() returned, or one of the pseudo nodes. */
const struct heapring_node *tree_node(uint32_t node);

/* The site of a stack, of one kind, at a sampling rate. */
uint32_t tree_site(uint32_t node, enum heapring_site_kind kind, uint64_t rate);

uint32_t tree_site_base(void);

/* Sites handed out, overflow included. */
uint32_t tree_sites(void);

/* NULL for a number that was not handed out. */
const struct heapring_site *tree_site_record(uint32_t site);

#endif

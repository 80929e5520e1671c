/*
 * starts - where threads were created, and how many of them live
 *
 * Contract
 *   - one record for each stack that called pthread_create(), by its node; stacks past
 *     HR_STARTS_MAX are not kept;
 *   - any thread may call; no lock, no allocation but segment pages;
 *   - a number holds in the address space that it was made in; starts_number_here() is 0
 *     in a fork child.
 */
#ifndef PRELOAD_STARTS_H
#define PRELOAD_STARTS_H

#include <stdint.h>

struct start {
	uint32_t number; /* record + 1, 0 none */
	uint32_t epoch;
};

/* For a new segment. */
void starts_begin(void);

/* A thread is about to be created at this stack. */
struct start starts_created(uint32_t node, uintptr_t routine);

/* It was not, after all. */
void starts_failed(struct start start);

/* Called by the new thread: which one it is, and that it ends. */
void starts_run(struct start start);
void starts_ended(struct start start);

/* The calling thread's record + 1, 0 unknown: for its slot. */
uint32_t starts_number_here(void);

#endif

/*
 * stacks - what the objects of the stacks program share
 *
 * stack_frames.c is compiled many times, with other flags and compilers, each
 * time under another FLAVOUR name; each copy defines one table of frame
 * functions. A frame function does something to its own frame, allocates now and
 * then, and calls stacks_next() some times, which picks the next frame function
 * at random from all tables.
 */
#ifndef TESTS_STACKS_H
#define TESTS_STACKS_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STACKS_KINDS 16u

struct plan {
	uint64_t random;
	long allocs; /* still to be made; frame functions return when it is used up */
	unsigned depth_max;
	jmp_buf *landing; /* where a longjmp may go, NULL: nowhere */
	unsigned landing_depth;
	unsigned catchers; /* C++ frames that catch */
	unsigned signals;  /* handlers running */
	unsigned coroutines;
};

typedef int stacks_frame(struct plan *plan, unsigned depth);

/* Calls a random frame function at depth + 1, or returns at once. */
int stacks_next(struct plan *plan, unsigned depth);

/* A number below n. */
unsigned stacks_random(struct plan *plan, unsigned n);

/* Gives a block to whoever frees it; keeps compilers from removing malloc. */
void stacks_take(struct plan *plan, void *block);

/* The current plan, for signal handlers and callbacks. */
extern struct plan *stacks_plan;
extern unsigned stacks_depth;

#ifdef __cplusplus
}
#endif

#endif

/*
 * unwind_full - the whole stack with all callee-saved registers
 *
 * For stacks that hold a frame which a packed row cannot express: a signal
 * trampoline, a CFA computed from another register. Slow (every frame reads
 * .eh_frame), correct, rare. Starts in the shim itself, where all registers are
 * known, and skips the shim's own frames.
 *
 * Contract: as unwind_walk(); fills frame[] innermost first with pc and sp,
 * returns how many, and says in *ret_end how the walk ended.
 */
#ifndef PRELOAD_UNWIND_FULL_H
#define PRELOAD_UNWIND_FULL_H

#include "preload/unwind/unwind.h"

uint32_t unwind_full(const struct frame *caller, const struct stack *stack,
		     struct stack_frame *frame, uint32_t depth, uint32_t *ret_end);

#endif

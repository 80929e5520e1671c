/*
 * stack_key - a key over the innermost frames of the present stack, for recent.h
 *
 * A key need not be exact, for what it finds is compared; it has to be the same for
 * equal stacks, and cheap. So it follows rows of the two commonest kinds only, and loads
 * a saved fp where a frame further out is found by it and not before.
 *
 * Safety. A place that depends on sp lies in a frame that is live; one that depends on fp
 * is held against what was walked and the top of the stack.
 */
#ifndef PRELOAD_STACK_KEY_H
#define PRELOAD_STACK_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/likely.h"
#include "preload/unwind.h"

struct stack_key {
	uint64_t value;
	struct frame at;        /* the outermost frame that it covers */
	const uintptr_t *fp_at; /* where at.fp was saved; NULL: it is in `at` */
	uintptr_t from, top; /* of the stack: of the innermost frame, and where it ends */
};

/* The key of the innermost frame alone. */
static inline struct stack_key stack_key_begin(const struct unwinder *u,
					       struct frame caller)
{
	return (struct stack_key){ .value = caller.pc ^ caller.sp << 20,
				   .at = caller,
				   .from = caller.sp,
				   .top = unwind_top(&u->stack, caller.sp) };
}

static inline bool stack_key_load_fp(struct stack_key *key)
{
	uintptr_t at = (uintptr_t)key->fp_at;

	if (at == 0)
		return true;
	if (at < key->from || at >= key->at.sp || at % sizeof at != 0)
		return false;
	key->at.fp = *key->fp_at;
	key->fp_at = NULL;
	return true;
}

static inline __attribute__((always_inline)) bool stack_key_step(struct unwinder *u,
								 struct stack_key *key)
{
	row_t r = unwind_row(u, key->at.pc);
	uintptr_t base = key->at.sp;
	uintptr_t cfa;

	if (unlikely(row_kind(r) != ROW_CFA_SP)) {
		if (row_kind(r) != ROW_CFA_FP || !stack_key_load_fp(key))
			return false;
		base = key->at.fp;
		if (base % 8 != 0)
			return false;
	}
	cfa = base + (uintptr_t)row_cfa_offset(r);
	if (unlikely(cfa - key->at.sp - 1 >= key->top - key->at.sp))
		return false;
	if (row_fp(r) == ROW_FP_CFA)
		key->fp_at = (const uintptr_t *)(cfa + (uintptr_t)row_fp_offset(r));
	else if (unlikely(row_fp(r) != ROW_FP_KEPT))
		return false;
	key->at.pc = arch_strip(*(const uintptr_t *)row_ra_place(r, cfa));
	key->at.sp = cfa;
	return true;
}

/* The same over some frames more, as far as rows of the common kinds lead. */
static inline __attribute__((always_inline)) void
stack_key_extend(struct unwinder *u, struct stack_key *key, uint32_t frames)
{
	for (; frames > 0 && stack_key_step(u, key); frames--)
		key->value = (key->value ^ key->at.pc) * 0x9e3779b97f4a7c15ull;
	key->value *= 0x9e3779b97f4a7c15ull;
}

#endif

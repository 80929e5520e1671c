/*
 * unwind - validated replay: walk only what is new, verify the rest by value
 *
 * Frames. A frame is (pc, sp, fp): where it will continue and with which stack
 * and frame pointer. The row of pc (rows.h) gives the frame's start, CFA; the
 * caller's pc lies just below the CFA, its sp is the CFA, its fp is the word
 * that the row names or the same fp.
 *
 * Why replay is exact. Suppose a frame of the new stack equals a remembered
 * one in pc and sp, and in fp when its row or an outer row uses fp. Then its
 * row is the same, so its CFA is the same, so the place of the caller's pc is
 * the same; if the word there is unchanged, the caller's pc and sp are the
 * same. If the row saved fp and an outer frame needs it, that word is compared
 * too; if the row keeps fp, it is equal already. By induction the whole tail is
 * equal when all these words are. The words are independent of each other, so
 * comparing them is faster than following them.
 *
 * A word that differs ends the induction at its frame: the frames inside it are
 * still vouched for, and ordinary stepping resumes there.
 *
 * How the walk ended is part of the stack: where the outermost frame's row did not
 * say it but the words on the stack did (a return address of 0, a frame address
 * that does not grow), these words are checks of the outermost frame.
 *
 * Checks are stored outermost first; `checks` of a frame counts those that
 * belong to steps outside it, so a prefix of the array vouches for any tail.
 *
 * Invariants (stack_valid() in tests): sp falls strictly from frame 0 inward;
 * checks never falls.
 *
 * Other stacks. A coroutine's stack may be gone when another one runs. Words of
 * remembered frames are compared from the inside outward and not past the first
 * that differs: each that holds proves the next frame live. So replay is safe on
 * any stack, and nothing needs to be known of its bounds.
 *
 * Frames that a packed row cannot express (signal frames, odd CFA) are walked
 * with all registers by unwind_full.c; such a stack is not remembered.
 */
#include "preload/unwind/unwind.h"

#include <string.h>

#include "arch.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/rows.h"
#include "preload/unwind/tree.h"
#include "preload/unwind/unwind_full.h"

/* A walk in progress; u->fresh holds its frames, innermost first. */
struct walk {
	struct unwinder *u;
	struct stack_frame at; /* where it stands: regs and row are set */
	uint32_t fresh;
	uint32_t depth;
	uint32_t tail; /* remembered frames that hold: 0 .. tail-1 */
	uint32_t end;
	uintptr_t lo, hi;
};

row_t unwind_row_slow(struct unwinder *u, uintptr_t pc)
{
	row_t r = rows_find(pc);

	u->used = true;
	if (r != ROW_NO_MODULE) /* it may get one later (JIT) */
		*unwind_own_row(u, pc) = (struct own_row){ .pc = pc, .row = r };
	return r;
}

static bool word_at(const struct walk *w, uintptr_t at, uintptr_t *ret)
{
	if (at < w->lo || at > w->hi - sizeof *ret || (at & 7) != 0)
		return false;
	*ret = *(const uintptr_t *)at;
	return true;
}

static uintptr_t fp_place(row_t r, uintptr_t cfa, uintptr_t fp)
{
	return (row_fp(r) == ROW_FP_CFA ? cfa : fp) + (uintptr_t)row_fp_offset(r);
}

static uint32_t end_of(row_t r)
{
	switch (r) {
	case ROW_OUTERMOST:
		return HR_END_COMPLETE;
	case ROW_NO_MODULE:
		return HR_END_NO_MODULE;
	case ROW_NO_CFI:
		return HR_END_NO_CFI;
	default:
		return HR_END_UNSUPPORTED;
	}
}

/* Where the present frame starts. 0, or why that cannot be said. */
static uint32_t cfa_of(const struct walk *w, row_t r, uintptr_t *ret_cfa)
{
	const struct frame *at = &w->at.regs;

	switch (row_kind(r)) {
	case ROW_CFA_SP:
		*ret_cfa = at->sp + (uintptr_t)row_cfa_offset(r);
		return 0;
	case ROW_CFA_FP:
		*ret_cfa = at->fp + (uintptr_t)row_cfa_offset(r);
		return 0;
	case ROW_CFA_AT_FP:
		return word_at(w, at->fp + (uintptr_t)row_cfa_offset(r), ret_cfa)
			       ? 0
			       : HR_END_OFF_STACK;
	default:
		return end_of(r);
	}
}

/* Moves w->at to the caller. 0, or why there is none. */
static uint32_t step(struct walk *w)
{
	row_t r = w->at.row;
	struct stack_frame next = w->at;
	uintptr_t cfa = 0;
	uint32_t end = cfa_of(w, r, &cfa);

	if (end != 0)
		return end;
	if (cfa <= w->at.regs.sp)
		return HR_END_BAD_FRAME;
	if (!word_at(w, row_ra_place(r, cfa), &next.regs.pc))
		return HR_END_OFF_STACK;
	if (row_fp(r) != ROW_FP_KEPT &&
	    !word_at(w, fp_place(r, cfa, w->at.regs.fp), &next.regs.fp))
		return HR_END_OFF_STACK;
	next.regs.pc = arch_strip(next.regs.pc);
	next.regs.sp = cfa;
	if (next.regs.pc == 0)
		return HR_END_COMPLETE;
	w->at = next;
	return 0;
}

/* The innermost of n checks that fails, or n when all hold. Reads no further: a
 * check that holds proves that the next frame outward is live. */
static uint32_t first_failure(const struct check *check, uint32_t n)
{
	for (uint32_t i = n; i-- > 0;)
		if (*check[i].at != check[i].value)
			return i;
	return n;
}

/* The outermost frame inside `near` that the checks from `failure` inward vouch for. */
static uint32_t vouched(const struct stack *s, uint32_t near, uint32_t failure)
{
	uint32_t i = near - 1;

	while (i > 0 && s->frame[i - 1].checks > failure)
		i--;
	return i;
}

/*
 * Moves w->at to the remembered frame outside it, whose place is vouched for. Its
 * fp is remembered only where an outer frame needed it, so it is loaded anew.
 */
static void follow(struct walk *w, const struct stack_frame *outer)
{
	row_t r = w->at.row;
	uintptr_t fp = w->at.regs.fp;

	if (row_fp(r) != ROW_FP_KEPT)
		fp = *(const uintptr_t *)fp_place(r, outer->regs.sp, fp);
	w->at = *outer;
	w->at.regs.fp = fp;
}

/*
 * Is w->at a remembered frame? Then frame *near - 1 is it. *near only falls:
 * a walk moves outward, and so do the frames that can still match.
 */
static bool matches(const struct walk *w, uint32_t *near)
{
	const struct stack *s = &w->u->stack;
	const struct stack_frame *f;

	while (*near > 0 && s->frame[*near - 1].regs.sp < w->at.regs.sp)
		(*near)--;
	if (*near == 0)
		return false;
	f = &s->frame[*near - 1];
	return f->regs.sp == w->at.regs.sp && f->regs.pc == w->at.regs.pc &&
	       (!f->needs_fp || f->regs.fp == w->at.regs.fp);
}

/*
 * w->at is the remembered frame `near` - 1. When all outside it holds, that is
 * the tail and the walk is done (true). Otherwise the frames inside the first
 * difference join the fresh ones and the walk goes on from the last of them; so
 * it does when the remembered stack was itself cut at the depth limit.
 */
static bool replay(struct walk *w, uint32_t near)
{
	struct stack *s = &w->u->stack;
	uint32_t checks = s->frame[near - 1].checks;
	uint32_t failure = first_failure(s->check, checks);
	uint32_t last;

	if (failure == checks && s->end != HR_END_DEPTH) {
		w->tail = near;
		return true;
	}
	last = failure == checks ? 0 : vouched(s, near, failure);
	w->at.row = s->frame[near - 1].row;
	for (uint32_t i = near - 1; i > last && w->fresh < w->depth; i--) {
		w->u->fresh[w->fresh++] = w->at;
		follow(w, &s->frame[i - 1]);
	}
	return false;
}

/*
 * Collects fresh frames until a remembered tail holds or the walk ends. After a
 * replay that failed in the middle, one step leads past the difference, and
 * the frames outside it may match again.
 */
static void collect(struct walk *w)
{
	uint32_t near = w->u->stack.frames;

	while (w->end == 0) {
		if (matches(w, &near) && replay(w, near))
			return;
		if (w->fresh == w->depth) {
			w->end = HR_END_DEPTH;
			return;
		}
		w->at.row = unwind_row(w->u, w->at.regs.pc);
		w->u->fresh[w->fresh++] = w->at;
		w->end = step(w);
	}
}

_Static_assert(CHILDREN == 1u << (64 - 50), "child() takes the top bits of the key");

static uint32_t child(struct unwinder *u, uint32_t parent, uintptr_t pc)
{
	uint64_t key = (pc ^ (uint64_t)parent << 40 ^ (uint64_t)parent << 17) *
		       0x9e3779b97f4a7c15ull;
	struct child *c = &u->child[key >> 50];

	if (c->pc == pc && c->parent == parent && c->node != 0)
		return c->node;
	*c = (struct child){ .pc = pc, .parent = parent, .node = tree_child(parent, pc) };
	return c->node;
}

/* Gives the fresh frames their nodes, from the node outside them inward. */
static void name_fresh(struct unwinder *u, uint32_t node, uint32_t frames)
{
	u->used = true;
	for (uint32_t i = frames; i-- > 0;)
		u->fresh[i].node = node = child(u, node, u->fresh[i].regs.pc);
}

/* Apart, so that the loop over a walk's frames keeps child() inlined. */
static __attribute__((noinline)) uint32_t under_tags(struct unwinder *u, uint32_t node)
{
	for (uint32_t i = 0; i < u->tags; i++)
		node = tree_child(node, HR_TAG_PC | u->tag[i]);
	return node;
}

/* What the outermost frame hangs under: how the walk ended, and the thread's tags. */
static uint32_t root_of(struct unwinder *u, uint32_t end)
{
	uint32_t node = end == HR_END_COMPLETE ? (uint32_t)HR_NODE_ROOT : end;

	return __builtin_expect(u->tags == 0, 1) ? node : under_tags(u, node);
}

uint32_t unwind_tags_node(struct unwinder *u)
{
	return root_of(u, HR_END_COMPLETE);
}

/* Adds the checks of the step from frame `inner` to the frame outside it. */
static void add_checks(struct stack *s, struct stack_frame *inner,
		       const struct stack_frame *outer)
{
	row_t r = inner->row;
	uintptr_t cfa = outer->regs.sp;
	const uintptr_t *ra = (const uintptr_t *)row_ra_place(r, cfa);
	uint16_t n = outer->checks;

	if (outer->needs_fp && row_fp(r) != ROW_FP_KEPT)
		s->check[n++] = (struct check){ (const uintptr_t *)fp_place(
							r, cfa, inner->regs.fp),
						outer->regs.fp };
	/* compared before it: where stacks part, saved fps differ as well, and mean
	 * nothing (recent_index.h) */
	s->check[n++] = (struct check){ ra, *ra };
	/* last, hence compared first: it says where the other two lie */
	if (row_kind(r) == ROW_CFA_AT_FP)
		s->check[n++] =
			(struct check){ (const uintptr_t *)(inner->regs.fp +
							    (uintptr_t)row_cfa_offset(r)),
					cfa };
	inner->checks = n;
	inner->needs_fp = row_kind(r) == ROW_CFA_FP || row_kind(r) == ROW_CFA_AT_FP ||
			  row_fp(r) == ROW_FP_AT_FP ||
			  (outer->needs_fp && row_fp(r) == ROW_FP_KEPT);
}

/*
 * The outermost frame's checks: what its end was decided by, when that was the
 * words on the stack and not its row. (One at the depth limit has a caller.)
 */
static void add_end_checks(const struct walk *w, struct stack *s, struct stack_frame *f)
{
	row_t r = f->row;
	struct walk at = *w;
	uintptr_t place = f->regs.fp + (uintptr_t)row_cfa_offset(r);
	uintptr_t cfa;

	if (row_kind(r) == ROW_SPECIAL)
		return;
	f->needs_fp = row_kind(r) != ROW_CFA_SP || row_fp(r) == ROW_FP_AT_FP;
	at.at = *f;
	if ((w->end == HR_END_COMPLETE || w->end == HR_END_DEPTH) &&
	    cfa_of(&at, r, &cfa) == 0) {
		const uintptr_t *ra = (const uintptr_t *)row_ra_place(r, cfa);

		s->check[f->checks++] = (struct check){ ra, *ra };
	}
	if (row_kind(r) == ROW_CFA_AT_FP && word_at(w, place, &cfa))
		s->check[f->checks++] = (struct check){ (const uintptr_t *)place, cfa };
}

/*
 * Is all between the innermost frame and the place where the thread began one piece? A
 * walk that came by there shows it, unless a frame may lie on two stacks: one that is
 * found by fp and is larger than the page without access between them.
 */
static bool is_one_piece(const struct stack *s)
{
	const uintptr_t large = 4096;

	if (s->end != HR_END_COMPLETE || s->frame[0].regs.sp < s->own_to ||
	    s->frame[0].regs.sp >= s->hi)
		return false;
	for (uint32_t i = 1; i < s->frames; i++)
		if (s->frame[i - 1].regs.sp - s->frame[i].regs.sp > large &&
		    row_kind(s->frame[i].row) != ROW_CFA_SP)
			return false;
	return true;
}

/* Appends the fresh frames to the tail that holds; returns the innermost node. */
static uint32_t remember(struct walk *w)
{
	struct stack *s = &w->u->stack;
	uint32_t kept;
	uint32_t tail = w->tail > 0 ? s->frame[w->tail - 1].node : root_of(w->u, w->end);

	name_fresh(w->u, tail, w->fresh);
	s->frames = w->tail;
	kept = w->tail > 0 ? s->frame[w->tail - 1].checks : 0;
	if (kept < s->kept)
		s->kept = kept;
	for (uint32_t i = w->fresh; i-- > 0;) {
		struct stack_frame *f = &s->frame[s->frames];

		*f = w->u->fresh[i];

		f->checks = 0;
		f->needs_fp = false;
		if (s->frames > 0)
			add_checks(s, f, f - 1);
		else
			add_end_checks(w, s, f);
		s->frames++;
	}
	if (w->tail == 0)
		s->end = w->end;
	if (unlikely(w->lo < s->own_from) && is_one_piece(s))
		s->own_from = w->lo;
	return s->frame[s->frames - 1].node;
}

/* Keeps the innermost frames when tail and fresh frames pass the limit. */
static void cut_tail(struct walk *w)
{
	if (w->tail + w->fresh <= w->depth)
		return;
	for (uint32_t i = w->tail; i-- > 0 && w->fresh < w->depth;)
		w->u->fresh[w->fresh++] = w->u->stack.frame[i];
	w->tail = 0;
	w->end = HR_END_DEPTH;
}

void unwind_forget(struct unwinder *u)
{
	u->stack.frames = 0;
	if (!u->used) /* pages that nobody touched stay so */
		return;
	u->used = false;
	memset(u->row, 0, sizeof u->row);
	memset(u->child, 0, sizeof u->child);
}

uint32_t unwind_walk(struct unwinder *u, const struct frame *caller, uint32_t depth)
{
	struct walk w = { .u = u,
			  .at.regs = *caller,
			  .depth = depth,
			  .lo = caller->sp,
			  .hi = unwind_top(&u->stack, caller->sp) };

	collect(&w);
	if (w.end == HR_END_UNSUPPORTED) {
		w.fresh = unwind_full(caller, &u->stack, u->fresh, depth, &w.end);
		u->stack.frames = 0;
		u->stack.kept = 0;
		name_fresh(u, root_of(u, w.end), w.fresh);
		return w.fresh > 0 ? u->fresh[0].node : root_of(u, w.end);
	}
	cut_tail(&w);
	arch_count(u->steps, w.fresh);
	return remember(&w);
}

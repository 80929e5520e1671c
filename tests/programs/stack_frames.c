/*
 * stack_frames - frame functions of one flavour, see stacks.h
 *
 * Every function has a kind of frame that compilers lay out, or unwinders read,
 * in its own way. Volatile stores keep the frames from being optimised away.
 */
#include <alloca.h>
#include <search.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "stacks.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

static void allocate(struct plan *plan)
{
	stacks_take(plan, malloc(1 + stacks_random(plan, 200)));
}

/* Some calls to deeper frames with allocations before, between and after. */
#define CHILDREN(plan, depth)                                                            \
	do {                                                                             \
		unsigned children_ = 1 + stacks_random(plan, 3);                         \
                                                                                         \
		if (stacks_random(plan, 2) == 0)                                         \
			stacks_take(plan, malloc(24));                                   \
		while (children_-- > 0)                                                  \
			sum += stacks_next(plan, depth);                                 \
		if (stacks_random(plan, 3) == 0)                                         \
			stacks_take(plan, calloc(2, 40));                                \
	} while (0)

static int plain(struct plan *plan, unsigned depth)
{
	int sum = 0;

	CHILDREN(plan, depth);
	return sum;
}

static int small_locals(struct plan *plan, unsigned depth)
{
	volatile char local[40];
	int sum = 0;

	local[depth % 40] = 1;
	CHILDREN(plan, depth);
	return sum + local[depth % 40];
}

/* More live values than callee-saved registers. */
static int many_values(struct plan *plan, unsigned depth)
{
	uint64_t a = stacks_random(plan, 9), b = a * 3, c = b ^ 5, d = c + 7, e = d * b,
		 f = e ^ a, g = f + 1, h = g * 11;
	int sum = 0;

	CHILDREN(plan, depth);
	sum += (int)(a ^ b ^ c ^ d);
	allocate(plan);
	return sum + (int)(e ^ f ^ g ^ h);
}

static int alloca_frame(struct plan *plan, unsigned depth)
{
	size_t bytes = 1 + stacks_random(plan, 3000);
	volatile char *room = alloca(bytes);
	int sum = 0;

	room[bytes - 1] = (char)depth;
	CHILDREN(plan, depth);
	return sum + room[bytes - 1];
}

static int vla_frame(struct plan *plan, unsigned depth)
{
	int sum = 0;

	for (unsigned i = 1 + stacks_random(plan, 2); i > 0; i--) {
		volatile int room[1 + stacks_random(plan, 90)];

		room[0] = (int)depth;
		CHILDREN(plan, depth);
		sum += room[0];
	}
	return sum;
}

static int realigned(struct plan *plan, unsigned depth)
{
	volatile char local[64] __attribute__((aligned(64)));
	int sum = 0;

	local[0] = (char)depth;
	CHILDREN(plan, depth);
	return sum + local[0];
}

/* Realigned and of dynamic size: compilers need a third register. */
static int realigned_alloca(struct plan *plan, unsigned depth)
{
	volatile char local[32] __attribute__((aligned(128)));
	size_t bytes = 1 + stacks_random(plan, 500);
	volatile char *room = alloca(bytes);
	int sum = 0;

	local[0] = room[0] = (char)depth;
	CHILDREN(plan, depth);
	return sum + local[0] + room[0];
}

static __attribute__((noinline)) int recurse(struct plan *plan, unsigned depth,
					     unsigned left)
{
	int sum = 0;

	if (left > 0)
		sum = recurse(plan, depth, left - 1);
	else
		CHILDREN(plan, depth);
	if (stacks_random(plan, 4) == 0)
		allocate(plan);
	return sum + 1;
}

static int recursion(struct plan *plan, unsigned depth)
{
	return recurse(plan, depth, stacks_random(plan, 20)) + (int)depth;
}

static int compare(const void *a, const void *b)
{
	int sum = 0;

	if (stacks_random(stacks_plan, 8) == 0)
		allocate(stacks_plan);
	if (stacks_random(stacks_plan, 12) == 0)
		sum = stacks_next(stacks_plan, stacks_depth + 3);
	return (sum & 0) + *(const int *)a - *(const int *)b;
}

/* Frames of libc between two of ours. */
static int callbacks(struct plan *plan, unsigned depth)
{
	int numbers[16], key = 7;
	size_t n = 16;

	for (unsigned i = 0; i < 16; i++)
		numbers[i] = (int)(i * 7 % 16);
	stacks_depth = depth;
	if (stacks_random(plan, 2) == 0)
		qsort(numbers, 16, sizeof numbers[0], compare);
	else if (stacks_random(plan, 2) == 0)
		bsearch(&key, numbers, 16, sizeof numbers[0], compare);
	else
		lfind(&key, numbers, &n, sizeof numbers[0], compare);
	stacks_depth = depth;
	return numbers[0];
}

static int jumps(struct plan *plan, unsigned depth)
{
	jmp_buf here;
	jmp_buf *volatile before = plan->landing;
	volatile unsigned before_depth = plan->landing_depth;
	volatile int sum = 0;

	if (setjmp(here) == 0) {
		plan->landing = &here;
		plan->landing_depth = depth;
		sum += stacks_next(plan, depth);
	} else {
		allocate(plan);
	}
	plan->landing = before;
	plan->landing_depth = before_depth;
	allocate(plan);
	return sum + stacks_next(plan, depth);
}

static int jumps_out(struct plan *plan, unsigned depth)
{
	allocate(plan);
	if (plan->landing != NULL && stacks_random(plan, 2) == 0)
		longjmp(*plan->landing, 1);
	return stacks_next(plan, depth);
}

/* At -O2 a jump: this frame is gone when the next one runs. */
static int tail_call(struct plan *plan, unsigned depth)
{
	allocate(plan);
	return stacks_next(plan, depth);
}

static __attribute__((noinline)) int sum_all(struct plan *plan, unsigned depth,
					     unsigned n, ...)
{
	va_list args;
	int sum = 0;

	va_start(args, n);
	for (; n > 0; n--)
		sum += va_arg(args, int);
	CHILDREN(plan, depth);
	va_end(args);
	return sum;
}

/* Arguments on the stack: sp moves between calls where there is no fp. */
static int variadic(struct plan *plan, unsigned depth)
{
	int sum = sum_all(plan, depth, 3, 1, 2, 3);

	allocate(plan);
	if (stacks_random(plan, 2) == 0)
		sum += sum_all(plan, depth, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
	allocate(plan);
	return sum;
}

/* Shrink-wrapped: registers are saved on one path only. */
static int early_out(struct plan *plan, unsigned depth)
{
	int sum = 0;

	if (plan->allocs < 0)
		return 1;
	if (stacks_random(plan, 3) == 0)
		return stacks_next(plan, depth) + 1;
	CHILDREN(plan, depth);
	return sum;
}

static int big_frame(struct plan *plan, unsigned depth)
{
	volatile char local[20000];
	int sum = 0;

	local[0] = local[19999] = (char)depth;
	CHILDREN(plan, depth);
	return sum + local[0] + local[19999];
}

stacks_frame *const JOIN(stacks_, FLAVOUR)[STACKS_KINDS] = {
	plain,     small_locals,     many_values, alloca_frame, vla_frame, realigned,
	recursion, realigned_alloca, callbacks,   jumps,        jumps_out, tail_call,
	variadic,  early_out,        big_frame,   plain,
};

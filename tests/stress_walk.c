/*
 * stress_walk - stacks of known depth, walked in several threads
 *
 * Frames of four kinds call each other by a plan that both the caller and the
 * check know. Every walk must end complete and have the planned frames, inside
 * whatever led to them. Needs nothing but libc: it runs under an emulator too.
 */
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>

#include "preload/unwind/tree.h"
#include "preload/unwind/unwind.h"
#include "shim_fixture.h"
#include "stress.h"

#define THREADS 4u
#define ROUNDS 3000u
#define DEPTH 60u
#define KINDS 4u

struct plan {
	struct unwinder *unwinder;
	unsigned depth;
	unsigned char kind[DEPTH];
	uint32_t base; /* depth of the stack without the planned frames */
};

typedef void frame_of_kind(struct plan *plan, unsigned at);
static frame_of_kind *const kinds[KINDS];
static struct unwinder *unwinders;

static __attribute__((noinline)) uint32_t walk(struct plan *plan)
{
	struct frame caller = FRAME_OF_CALLER();

	return unwind_walk(plan->unwinder, &caller, CONFIG_DEPTH_MAX);
}

static uint32_t end_of(uint32_t node)
{
	while (node >= HR_NODE_FIRST)
		node = tree_node(node)->parent;
	return node;
}

static __attribute__((noinline)) void go_on(struct plan *plan, unsigned at)
{
	uint32_t node;

	if (at < plan->depth) {
		kinds[plan->kind[at]](plan, at);
	} else {
		node = walk(plan);
		stress_equal("how a walk ended", end_of(node), HR_NODE_ROOT);
		/* each planned frame brings one of go_on with it */
		if (plan->depth == 0)
			plan->base = tree_node(node)->depth;
		stress_equal("frames", tree_node(node)->depth,
			     plan->base + 2 * plan->depth);
		for (unsigned i = 0; i < at; i++) {
			uintptr_t pc;

			node = tree_node(node)->parent;
			pc = tree_node(node)->pc;
			stress_equal("a frame's function",
				     pc - (uintptr_t)kinds[plan->kind[at - 1 - i]] < 400,
				     1);
			node = tree_node(node)->parent;
		}
	}
	__asm__ volatile("");
}

static __attribute__((noinline)) void small(struct plan *plan, unsigned at)
{
	go_on(plan, at + 1);
	__asm__ volatile("");
}

static __attribute__((noinline)) void large(struct plan *plan, unsigned at)
{
	volatile char local[400] = { 0 };

	local[at] = 1;
	go_on(plan, at + 1);
	local[at] = local[at + 1];
}

static __attribute__((noinline)) void dynamic(struct plan *plan, unsigned at)
{
	volatile char *room = alloca(plan->kind[at / 2] * 48u + 16);

	room[0] = 1;
	go_on(plan, at + 1);
	room[0] = 2;
}

static __attribute__((noinline)) void busy(struct plan *plan, unsigned at)
{
	unsigned long a = at, b = a * 3, c = b ^ 7, d = c + a, e = d * b, f = e ^ c;

	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
	go_on(plan, at + 1);
	__asm__ volatile("" : : "r"(a), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f));
}

static frame_of_kind *const kinds[KINDS] = { small, large, dynamic, busy };

static void work(unsigned number)
{
	struct plan plan = { .unwinder = &unwinders[number] };
	uint64_t random = number;
	uint64_t steps = 0;

	plan.unwinder->steps = &steps;
	for (unsigned i = 0; i < ROUNDS; i++) {
		go_on(&plan, 0);
		/* change the inner part only: the outer one is replayed */
		plan.depth = stress_random(&random) % DEPTH;
		for (unsigned at = stress_random(&random) % DEPTH; at < DEPTH; at++)
			plan.kind[at] = (unsigned char)(stress_random(&random) % KINDS);
	}
}

int main(void)
{
	fixture_segment(256 << 20);
	unwinders = calloc(THREADS, sizeof *unwinders);
	if (!rows_init() || unwinders == NULL)
		return 2;
	stress_run(THREADS, work);
	return 0;
}

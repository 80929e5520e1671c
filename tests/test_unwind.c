/*
 * test_unwind - replay against the truth, on stacks that are made up
 *
 * A stack is an array, its functions are hand-made unwind rows (os_module_at() is
 * this file's own), and calls and returns are simulated with what they leave
 * behind: memory below sp keeps its old words, so that a stale return address is
 * often still where it was. Frame sizes come from a small grid: the same function
 * stands again and again at the same sp with another fp, another CFA, or under
 * another caller. After every change the walk must yield the stack that was
 * simulated, frame by frame, and the way it ended; and where the stack is recalled as
 * one of the recent ones, it must be that one.
 *
 * That real code walks right is the business of the verifying shim; real code
 * hardly ever makes the coincidences that this is about.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "arch.h"
#include "cfi_builder.h"
#include "preload/unwind/tree.h"
#include "preload/unwind/unwind.h"
#include "shim_fixture.h"

#define RBP 6
#define RSP 7
#define RIP 16

#define WORDS 8192u
#define FRAMES_MAX 300u
#define SITES 3u /* places that a function calls from */

enum kind {
	BY_SP,     /* CFA = sp + size, fp kept */
	SAVES_FP,  /* CFA = sp + 32, fp saved and used for something else */
	BY_FP,     /* CFA = fp + 16, any size */
	REALIGNED, /* CFA = word at fp - 8, fp aligned to 128 */
	OUTERMOST, /* return address undefined */
	FUNCTIONS = 12,
};

static const struct {
	enum kind kind;
	unsigned size;
} functions[FUNCTIONS] = {
	{ BY_SP, 16 },   { BY_SP, 16 },    { BY_SP, 32 },    { BY_SP, 48 },
	{ SAVES_FP, 0 }, { SAVES_FP, 0 },  { BY_FP, 0 },     { BY_FP, 0 },
	{ BY_FP, 0 },    { REALIGNED, 0 }, { REALIGNED, 0 }, { OUTERMOST, 0 },
};

static struct cfi_builder builder;
static uintptr_t stack[WORDS] __attribute__((aligned(4096)));
static struct unwinder unwinder;
static struct recents recents; /* of whole stacks; a site is its node here */
static uint64_t steps;

/* The simulated stack; 0 is the outermost frame. */
static struct frame frame[FRAMES_MAX];
static unsigned frames;
static uint32_t end;
static uint64_t state;

bool os_module_is(uintptr_t pc, const void *identity, const void *eh_frame_hdr)
{
	(void)pc, (void)identity, (void)eh_frame_hdr;
	return true; /* hand-made: never unloaded */
}

bool os_module_at(uintptr_t pc, struct module_view *ret_view)
{
	*ret_view = builder_view(&builder);
	return pc >= builder_pc(&builder, 0) && pc < builder_pc(&builder, 2048);
}

static unsigned random_below(unsigned n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(state >> 33) % n;
}

static void add_function(uint32_t number)
{
	uint8_t size[] = { 0x0e, (uint8_t)functions[number].size };
	static const uint8_t saves[] = { 0x0e, 32, 0x80 | RBP, 2 };
	static const uint8_t by_fp[] = { 0x0c, RBP, 16, 0x80 | RBP, 2 };
	static const uint8_t realigned[] = { 0x0f, 3,   0x76, 0x78, 0x06,
					     0x10, RBP, 2,    0x76, 0 };
	static const uint8_t outermost[] = { 0x07, RIP };

	switch (functions[number].kind) {
	case BY_SP:
		builder_fde(&builder, number * 64, 64, size, sizeof size);
		break;
	case SAVES_FP:
		builder_fde(&builder, number * 64, 64, saves, sizeof saves);
		break;
	case BY_FP:
		builder_fde(&builder, number * 64, 64, by_fp, sizeof by_fp);
		break;
	case REALIGNED:
		builder_fde(&builder, number * 64, 64, realigned, sizeof realigned);
		break;
	default:
		builder_fde(&builder, number * 64, 64, outermost, sizeof outermost);
	}
}

static void begin(void)
{
	static const uint8_t standard[] = { 0x0c, RSP, 8, 0x80 | RIP, 1 };

	builder_begin(&builder);
	builder_cie(&builder, "zR", 1, 0x78, standard, sizeof standard);
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		add_function(i);
	fixture_segment(512 << 20);
	cr_assert(rows_init());
	unwinder.steps = &steps;
	unwinder.stack.hi = (uintptr_t)(stack + WORDS);
	unwinder.stack.own_from = unwinder.stack.own_to = unwinder.stack.hi - 512;
}

static uintptr_t pc_in(uint32_t function)
{
	return builder_pc(&builder, function * 64 + 8 + 16 * random_below(SITES));
}

static void store(uintptr_t at, uintptr_t value)
{
	*(uintptr_t *)at = value;
}

/* What a function may have in rbp when it uses it for something else. */
static uintptr_t any_value(uintptr_t fp, uintptr_t cfa)
{
	switch (random_below(4)) {
	case 0:
		return fp;
	case 1:
		return cfa - 16;
	case 2:
		return (uintptr_t)&stack[random_below(WORDS)];
	default:
		return random_below(3);
	}
}

static void call(uint32_t function)
{
	struct frame from = frame[frames - 1];
	struct frame to = { .pc = pc_in(function), .fp = from.fp };
	uintptr_t cfa = from.sp;

	store(cfa - 8, from.pc);
	switch (functions[function].kind) {
	case BY_SP:
		to.sp = cfa - functions[function].size;
		break;
	case SAVES_FP:
		store(cfa - 16, from.fp);
		to.sp = cfa - 32;
		to.fp = any_value(from.fp, cfa);
		break;
	case BY_FP:
		store(cfa - 16, from.fp);
		to.fp = cfa - 16;
		to.sp = to.fp - 16 * random_below(5);
		break;
	default:
		to.fp = (cfa - 32) & ~(uintptr_t)127;
		store(to.fp, from.fp);
		store(to.fp - 8, cfa);
		to.sp = to.fp - 16 - 16 * random_below(3);
	}
	frame[frames++] = to;
}

/* The outermost frame: with one of several ends, at one of a few places. */
static void begin_stack(void)
{
	uintptr_t cfa = (uintptr_t)(stack + WORDS - 16 - 2 * random_below(3));
	uintptr_t aligned = (cfa - 32) & ~(uintptr_t)127;
	unsigned how = random_below(6);

	frames = 1;
	end = how == 2 || how == 4 ? HR_END_BAD_FRAME : HR_END_COMPLETE;
	if (how == 0) {
		frame[0] = (struct frame){ pc_in(11), cfa - 16, random_below(2) };
	} else if (how == 1) { /* nobody called it */
		store(cfa - 8, 0);
		frame[0] = (struct frame){ pc_in(0), cfa - 16, random_below(2) };
	} else if (how == 2) { /* its fp was damaged */
		frame[0] = (struct frame){ pc_in(6), cfa - 32, random_below(2) };
	} else if (how == 3) { /* ... and here it was not, at the same place */
		store(cfa - 8, 0);
		store(cfa - 16, 1);
		frame[0] = (struct frame){ pc_in(6), cfa - 32, cfa - 16 };
	} else { /* the same of a frame that was realigned: the word was damaged */
		store(cfa - 8, 0);
		store(aligned, 1);
		store(aligned - 8, how == 4 ? 8 : cfa);
		frame[0] = (struct frame){ pc_in(9), aligned - 16, aligned };
	}
}

static void change(unsigned depth)
{
	unsigned gone = random_below(4) == 0 ? random_below(frames + 1) : random_below(4);
	unsigned come = random_below(5);

	if (gone >= frames || random_below(50) == 0)
		begin_stack();
	else
		frames -= gone;
	while (frames < depth && random_below(8) != 0)
		call(random_below(11));
	for (; come > 0 && frames < FRAMES_MAX - 20; come--)
		call(random_below(11));
}

static void compare(uint32_t node, unsigned depth, unsigned round)
{
	unsigned kept = frames < depth ? frames : depth;
	uint32_t want = frames > depth ? (uint32_t)HR_END_DEPTH : end;

	for (unsigned i = 0; i < kept; i++) {
		cr_assert(node >= HR_NODE_FIRST, "round %u: ends at %u of %u", round, i,
			  kept);
		cr_assert(eq(uptr, tree_node(node)->pc, frame[frames - 1 - i].pc),
			  "round %u: frame %u of %u", round, i, kept);
		node = tree_node(node)->parent;
	}
	cr_assert(eq(u32, node, want == HR_END_COMPLETE ? HR_NODE_ROOT : want),
		  "round %u: how it ended", round);
}

/* unwind.c, "Invariants" */
static void stack_valid(const struct stack *s)
{
	for (uint32_t i = 1; i < s->frames; i++) {
		cr_assert(s->frame[i].regs.sp < s->frame[i - 1].regs.sp);
		cr_assert(s->frame[i].checks >= s->frame[i - 1].checks);
	}
}

/* As lookup.c does after a walk. */
static void enter(struct frame caller, uint32_t node)
{
	struct stack *s = &unwinder.stack;
	struct recent_stack recent = { .top = caller,
				       .site = node,
				       .check = s->check,
				       .own_from = s->own_from,
				       .own_to = s->own_to };

	recent_moved(&recents, s->kept);
	s->kept = STACK_CHECKS;
	if (s->frames == 0)
		return;
	recent.needs_fp = s->frame[s->frames - 1].needs_fp;
	recent.checks = s->frame[s->frames - 1].checks;
	recent_enter(&recents, &recent);
}

static void walk_often(unsigned depth, unsigned deepest, unsigned rounds)
{
	unsigned recalled = 0;

	begin();
	state = depth;
	begin_stack();
	for (unsigned round = 0; round < rounds; round++) {
		struct frame caller;
		const struct recent *e;
		uint32_t node;

		change(deepest);
		caller = frame[frames - 1];
		e = recent_find(&recents, caller);
		node = unwind_walk(&unwinder, &caller, depth);
		compare(node, depth, round);
		stack_valid(&unwinder.stack);
		if (random_below(3) != 0) /* some walks are about something else */
			enter(caller, node);
		cr_assert(e == NULL || e->site == node, "round %u: another was recalled",
			  round);
		recalled += e != NULL;
	}
	cr_expect(gt(uint, recalled, rounds / 100), "or nothing was tested");
}

Test(unwind, shallow_stacks, .timeout = 100)
{
	walk_often(128, 4, 300000);
}

Test(unwind, deeper_stacks, .timeout = 100)
{
	walk_often(128, 24, 100000);
}

Test(unwind, stacks_about_as_deep_as_the_limit, .timeout = 100)
{
	walk_often(8, 6, 200000);
}

Test(unwind, stacks_deeper_than_the_limit, .timeout = 100)
{
	walk_often(16, 40, 50000);
}

Test(unwind, a_limit_of_one_frame, .timeout = 100)
{
	walk_often(1, 6, 50000);
}

/* A thread's stack of 512 KiB, on which it began that many bytes from the top. */
static void begin_thread(uintptr_t from_top)
{
	static uintptr_t big[64 << 10] __attribute__((aligned(4096)));

	begin();
	unwinder.stack.hi = (uintptr_t)(big + sizeof big / sizeof *big);
	unwinder.stack.own_to = unwinder.stack.hi - from_top;
	unwinder.stack.own_from = unwinder.stack.own_to;
}

/* An outermost frame near the top, one found by fp that is `large` bytes long, and one
 * found by sp. */
static void walk_over(uintptr_t large)
{
	frame[0] = (struct frame){ pc_in(11), unwinder.stack.hi - 256, 0 };
	frames = 1;
	call(6);
	frame[1].sp -= large;
	call(0);
	unwind_walk(&unwinder, &frame[2], 128);
	cr_assert(eq(u32, unwinder.stack.frames, 3));
}

Test(unwind, a_whole_walk_shows_that_the_stack_is_one_piece)
{
	begin_thread(512);
	walk_over(2048);
	cr_expect(eq(uptr, unwinder.stack.own_from, frame[2].sp));
}

Test(unwind, a_frame_that_may_lie_on_two_stacks_shows_nothing)
{
	begin_thread(512);
	walk_over(4096);
	cr_expect(eq(uptr, unwinder.stack.own_from, unwinder.stack.own_to));
}

/* A coroutine's, right below. */
Test(unwind, a_stack_that_begins_further_in_than_the_thread_shows_nothing)
{
	begin_thread(128);
	walk_over(2048);
	cr_expect(eq(uptr, unwinder.stack.own_from, unwinder.stack.own_to));
}

Test(unwind, where_it_is_not_known_where_the_thread_began_nothing_is_shown)
{
	begin_thread(512);
	unwinder.stack.own_from = unwinder.stack.own_to = 0;
	walk_over(2048);
	cr_expect(eq(uptr, unwinder.stack.own_from, 0));
}

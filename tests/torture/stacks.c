/*
 * stacks - stacks that come and go under the profiler
 *
 * Coroutines run on mapped stacks of a few sizes, with a page without access at
 * either end, which are unmapped when they end: a profiler that looks at a word of
 * a stack that is gone, or one word too far, ends the program. Most stacks lie at the
 * same address as the one before, often with their top at another place.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "tests/torture/torture.h"

#define PAGE 4096u

__attribute__((noinline)) static void recurse(uint64_t *random, uint32_t depth,
					      jmp_buf out)
{
	volatile char local[64];
	void *block = churned(16 + depth);

	local[depth % 64] = (char)depth;
	release(block);
	if (depth > 0)
		recurse(random, depth - 1, out);
	else if (out != NULL)
		longjmp(out, 1);
	local[0]++;
}

void jump_out(uint64_t *random)
{
	jmp_buf out;

	if (setjmp(out) == 0)
		recurse(random, random_below(random, 40), out);
	else
		release(churned(77));
}

struct coroutine {
	ucontext_t self, caller;
	uint64_t *random;
	void *passed; /* a block on its way out of, or into, the coroutine */
	uint32_t turns;
};

static _Thread_local struct coroutine *running;

/* Takes turns with its caller; each gives back what the other allocated. */
static void body(void)
{
	struct coroutine *c = running;

	for (uint32_t i = 0; i < c->turns; i++) {
		release(c->passed);
		jump_out(c->random);
		recurse(c->random, random_below(c->random, 12), NULL);
		if (random_below(c->random, 4) == 0)
			throw_and_catch(c->random, random_below(c->random, 5));
		c->passed = churned(100 + i);
		swapcontext(&c->self, &c->caller);
	}
}

static size_t stack_bytes(uint64_t *random)
{
	static const size_t pages[] = { 8, 9, 16, 64 };

	return pages[random_below(random, 4)] * PAGE;
}

void run_coroutine(uint64_t *random)
{
	size_t bytes = stack_bytes(random);
	char *mem = mmap(NULL, bytes + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	struct coroutine *outer = running;
	struct coroutine c = { .random = random, .turns = 1 + random_below(random, 5) };

	if (mem == MAP_FAILED || mprotect(mem + PAGE, bytes, PROT_READ | PROT_WRITE) != 0)
		broken("a coroutine's stack");
	getcontext(&c.self);
	c.self.uc_stack.ss_sp = mem + PAGE;
	/* the top moves by some words, and its page with it */
	c.self.uc_stack.ss_size = bytes - 16 * random_below(random, 3);
	c.self.uc_link = &c.caller;
	makecontext(&c.self, body, 0);
	c.passed = churned(50);
	for (uint32_t i = 0; i < c.turns; i++) {
		running = &c;
		swapcontext(&c.caller, &c.self);
		running = outer;
		release(c.passed);
		c.passed = churned(60);
	}
	release(c.passed);
	/* half of them never end: their frames are still there when the stack goes */
	if (random_below(random, 2) == 0) {
		c.passed = NULL;
		running = &c;
		swapcontext(&c.caller, &c.self);
		running = outer;
	}
	munmap(mem, bytes + 2 * PAGE);
}

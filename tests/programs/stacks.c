/*
 * stacks - allocates from random stacks of every kind that compilers make
 *
 * Run under the verifying shim, which compares each stack with libunwind's. The
 * walk is a random tree: siblings share the outer part of their stacks, as in
 * real programs, so that replay has something to replay; and the same function
 * comes again at the same sp under other callers, so that it has something to
 * get wrong.
 *
 * Besides the tables of stack_frames.c (one for each flavour) and
 * stack_throws.cc there are frames here that need the whole program: signal
 * handlers, on the same stack and on another, and coroutines, whose stacks are
 * unmapped after use.
 *
 * Usage: stacks [allocations [seed [depth]]]     exit 0 when all were made
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "stacks.h"
#include "stacks_flavours.h"

#define ALT_STACK (8u << 20)
#define COROUTINE_STACK (8u << 20)
#define COROUTINES_MAX 3u
#define HELD 64u

#if defined(__x86_64__)
#define TRAP() __asm__ volatile("ud2" ::: "memory")
#else
#define TRAP() __asm__ volatile("brk 0" ::: "memory")
#endif

#define DECLARE(name) extern stacks_frame *const stacks_##name[STACKS_KINDS];
STACKS_FLAVOURS(DECLARE)
#define LIST(name) stacks_##name,
static stacks_frame *const *const tables[] = { STACKS_FLAVOURS(LIST) };
#define TABLES (sizeof tables / sizeof tables[0])

struct plan *stacks_plan;
unsigned stacks_depth;
static void *held[HELD];

unsigned stacks_random(struct plan *plan, unsigned n)
{
	plan->random ^= plan->random << 13;
	plan->random ^= plan->random >> 7;
	plan->random ^= plan->random << 17;
	return (unsigned)((plan->random >> 24) % n);
}

void stacks_take(struct plan *plan, void *block)
{
	unsigned at = stacks_random(plan, HELD);

	if (block == NULL)
		abort();
	*(volatile char *)block = 1;
	free(held[at]);
	held[at] = block;
	plan->allocs--;
}

static void handler(int number)
{
	struct plan *plan = stacks_plan;
	jmp_buf *landing = plan->landing;

	plan->landing = NULL;
	plan->signals++;
	stacks_take(plan, malloc((size_t)number));
	stacks_next(plan, stacks_depth);
	stacks_take(plan, malloc((size_t)number));
	plan->signals--;
	plan->landing = landing;
}

/* A handler of ours allocates: raise() and not a random moment, when malloc might
 * be running. */
static int signalled(struct plan *plan, unsigned depth)
{
	/* a coroutine on top of a handler on the other stack is not there for the
	 * kernel: the next handler would begin over the first one's frames */
	int number = stacks_random(plan, 2) == 0 || plan->signals > 0 ? SIGUSR1 : SIGUSR2;

	if (plan->signals > 1)
		return stacks_next(plan, depth);
	stacks_depth = depth + 4;
	raise(number);
	stacks_take(plan, malloc(9));
	return number;
}

/* The kernel interrupts an instruction of ours, not a system call's wrapper. */
static int trapped(struct plan *plan, unsigned depth)
{
	if (plan->signals > 1)
		return stacks_next(plan, depth);
	stacks_depth = depth + 4;
	TRAP(); /* not __builtin_trap(), which does not return */
	return 0;
}

static void trap_handler(int number, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	(void)info;
	handler(number);
#if defined(__x86_64__)
	c->uc_mcontext.gregs[REG_RIP] += 2;
#else
	c->uc_mcontext.pc += 4;
#endif
}

static ucontext_t coroutine_back[COROUTINES_MAX];

static void coroutine(void)
{
	stacks_next(stacks_plan, stacks_depth);
	stacks_take(stacks_plan, malloc(50));
}

/* A stack that the shim does not know, gone when the next walk happens. */
static int switches(struct plan *plan, unsigned depth)
{
	jmp_buf *landing = plan->landing;
	unsigned nested = plan->coroutines;
	ucontext_t context;
	char *stack;
	int mapped = stacks_random(plan, 2) == 0;

	if (nested == COROUTINES_MAX)
		return stacks_next(plan, depth);
	stack = mapped ? mmap(NULL, COROUTINE_STACK, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
		       : malloc(COROUTINE_STACK);
	if (stack == NULL || stack == MAP_FAILED || getcontext(&context) != 0)
		abort();
	context.uc_stack.ss_sp = stack;
	context.uc_stack.ss_size = COROUTINE_STACK;
	context.uc_link = &coroutine_back[nested];
	makecontext(&context, coroutine, 0);
	plan->landing = NULL;
	plan->coroutines++;
	stacks_depth = depth + 4;
	swapcontext(&coroutine_back[nested], &context);
	plan->coroutines--;
	plan->landing = landing;
	if (mapped)
		munmap(stack, COROUTINE_STACK);
	else
		free(stack);
	stacks_take(plan, malloc(10));
	return mapped;
}

/* A frame of 1.5 MiB: more than a packed row has room for. */
static int huge_frame(struct plan *plan, unsigned depth)
{
	volatile char local[1500000];

	if (plan->coroutines > 0 || plan->signals > 0 || stacks_random(plan, 8) != 0)
		return stacks_next(plan, depth);
	local[0] = local[sizeof local - 1] = 1;
	return stacks_next(plan, depth + 6) + local[0] + local[sizeof local - 1];
}

int stacks_next(struct plan *plan, unsigned depth)
{
	static stacks_frame *const special[] = { signalled, trapped, switches,
						 huge_frame };
	unsigned which;

	/* trees thin out with depth, or no walk would ever come back up */
	if (plan->allocs <= 0 || depth >= plan->depth_max ||
	    stacks_random(plan, plan->depth_max) < depth / 3)
		return 1;
	which = stacks_random(plan, TABLES * STACKS_KINDS + 8);
	if (which >= TABLES * STACKS_KINDS)
		return special[which % 4](plan, depth + 1);
	return tables[which / STACKS_KINDS][which % STACKS_KINDS](plan, depth + 1);
}

static void install(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_NODEFER };
	stack_t alt = { .ss_sp = malloc(ALT_STACK), .ss_size = ALT_STACK };

	sigaltstack(&alt, NULL);
	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags |= SA_ONSTACK;
	sigaction(SIGUSR2, &action, NULL);
	action.sa_flags = SA_NODEFER | SA_SIGINFO;
	action.sa_sigaction = trap_handler;
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
}

int main(int argc, char **argv)
{
	struct plan plan = { .random = 0x1234567, .allocs = 200000, .depth_max = 40 };

	if (argc > 1)
		plan.allocs = atol(argv[1]);
	if (argc > 2)
		plan.random += strtoull(argv[2], NULL, 10) * 0x9e3779b97f4a7c15ull;
	if (argc > 3)
		plan.depth_max = (unsigned)atol(argv[3]);
	stacks_plan = &plan;
	install();
	while (plan.allocs > 0)
		stacks_next(&plan, 0);
	for (unsigned i = 0; i < HELD; i++)
		free(held[i]);
	return 0;
}

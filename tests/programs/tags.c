/*
 * tags - blocks under tags, from one place of the code and from two threads
 *
 * What each tag holds in the end is a matter of arithmetic: see run_tags.py.
 *
 * Usage: tags [steps]   steps: instead, a handler with a tag of its own interrupts push
 * and pop after each instruction, where the processor does that
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include <heapring/heapring.h>

#define ROUNDS 3000
#define DEEP 10 /* more than are shown */

static void *volatile last;

static __attribute__((noinline)) void keep(size_t bytes)
{
	last = malloc(bytes);
}

static void serve(int i)
{
	static const char *const tenant[] = { "acme", "bell", "city" };

	heapring_tag_push(tenant[i % 3]);
	for (int part = 0; part < 4; part++) /* often enough to be expected again */
		keep(25);
	if (i % 2 == 0) {
		heapring_tag_push("inner");
		keep(50);
		heapring_tag_pop();
	}
	free(malloc(1000));
	heapring_tag_pop();
	keep(10);
}

static void *serve_all(void *unused)
{
	for (int i = 0; i < ROUNDS; i++)
		serve(i);
	return unused;
}

static void nest(void)
{
	static const char *const name[DEEP] = { "d0", "d1", "d2", "d3", "d4",
						"d5", "d6", "d7", "d8", "d9" };

	for (int i = 0; i < DEEP; i++)
		heapring_tag_push(name[i]);
	keep(7);
	for (int i = 0; i < DEEP; i++)
		heapring_tag_pop();
	heapring_tag_pop(); /* one too many */
	keep(3);
}

static void on_trap(int number)
{
	(void)number;
	heapring_tag_push("handler");
	heapring_tag_pop();
}

/* From here on, or no longer, the processor traps after each instruction. */
static void step(bool on)
{
#ifdef __x86_64__
	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
			 "pushfq\n\t"
			 "andq $~0x100, (%%rsp)\n\t"
			 "orq %0, (%%rsp)\n\t"
			 "popfq\n\t"
			 "leaq 128(%%rsp), %%rsp"
			 :
			 : "r"(on ? 0x100ul : 0ul)
			 : "cc", "memory");
#else
	(void)on;
#endif
}

static int be_interrupted(void)
{
	struct sigaction action = { .sa_handler = on_trap };

	if (sigaction(SIGTRAP, &action, NULL) != 0)
		return 1;
	for (int i = 0; i < 10; i++) {
		step(true);
		heapring_tag_push("program");
		step(false);
		keep(1);
		step(true);
		heapring_tag_pop();
		step(false);
	}
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	(void)argv;
	if (argc > 1)
		return be_interrupted();

	if (pthread_create(&thread, NULL, serve_all, NULL) != 0)
		return 1;
	serve_all(NULL);
	pthread_join(thread, NULL);
	nest();
	return 0;
}

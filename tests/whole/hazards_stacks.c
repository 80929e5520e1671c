/*
 * hazards_stacks - stacks that are small, many, or interrupted
 */
#include <alloca.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "hazards.h"

static ucontext_t outside, inside;

__attribute__((noinline)) static void deeper(int depth)
{
	free(malloc((size_t)depth + 1));
	if (depth > 0)
		deeper(depth - 1);
	__asm__ volatile("");
}

static void small_body(void)
{
	deeper(6);
}

/* 8 KiB, as signal stacks have: the program fits, and so must the shim. */
void small_stacks(char **argv)
{
	size_t bytes = 8192, page = 4096;
	char *mem =
		mmap(NULL, bytes + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argv;
	if (mem == MAP_FAILED || mprotect(mem + page, bytes, PROT_READ | PROT_WRITE) != 0)
		broken("a stack");
	free(malloc(1));
	for (int i = 0; i < 100; i++) {
		getcontext(&inside);
		inside.uc_stack.ss_sp = mem + page;
		inside.uc_stack.ss_size = bytes;
		inside.uc_link = &outside;
		makecontext(&inside, small_body, 0);
		swapcontext(&outside, &inside);
	}
}

/*
 * Coroutines whose stack lies right above a thread's own, or right below one that is
 * small, and is then another, which begins further in: what the first ones had further
 * out is gone. All allocate at one place of memory.
 */
enum { OWN_PAGES = 16, SMALL_PAGES = 4, LONG_PAGES = 16, SHORT_PAGES = 8 };
static char *beside;
static uintptr_t level; /* where the stack pointer is to be */

__attribute__((noinline)) static void at_level(void)
{
	volatile char *room = alloca(16);

	while ((uintptr_t)room > level)
		room = alloca(16);
	*room = 1;
	free(malloc(40));
	free(malloc(40));
}

static void first_path(void)
{
	at_level();
	__asm__ volatile("");
}

static void second_path(void)
{
	at_level();
	__asm__ volatile("");
}

static void third_path(void)
{
	at_level();
	__asm__ volatile("");
}

static void run_beside(void (*path)(void), size_t pages)
{
	getcontext(&inside);
	inside.uc_stack.ss_sp = beside;
	inside.uc_stack.ss_size = pages * 4096;
	inside.uc_link = &outside;
	makecontext(&inside, path, 0);
	swapcontext(&outside, &inside);
}

static void *run_all_beside(void *unused)
{
	free(malloc(1));
	level = (uintptr_t)beside + (SHORT_PAGES - 2) * 4096;
	for (int i = 0; i < 6; i++)
		run_beside(i % 2 == 0 ? first_path : second_path, LONG_PAGES);
	munmap(beside + SHORT_PAGES * 4096, (LONG_PAGES - SHORT_PAGES) * 4096);
	for (int i = 0; i < 6; i++)
		run_beside(third_path, SHORT_PAGES);
	return unused;
}

void stacks_beside(char **argv)
{
	bool above = argv[0] != NULL && strcmp(argv[0], "above") == 0;
	size_t own = (above ? OWN_PAGES : SMALL_PAGES) * 4096, bytes = LONG_PAGES * 4096;
	char *mem = mmap(NULL, own + bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;

	if (mem == MAP_FAILED)
		broken("a stack");
	beside = above ? mem + own : mem;
	pthread_attr_init(&attr);
	if (pthread_attr_setstack(&attr, above ? mem : mem + bytes, own) != 0 ||
	    pthread_create(&thread, &attr, run_all_beside, NULL) != 0)
		broken("pthread_create");
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
}

/* As many stacks as paths of 14 turns; another thread gives all back. */
static void *blocks[1 << 14];
static unsigned long leaves[2]; /* allocations of left() and of right() */
static size_t leaf_bytes = 32;

static void left(unsigned path, unsigned turns);

__attribute__((noinline)) static void right(unsigned path, unsigned turns)
{
	if (turns == 0)
		leaves[1]++, blocks[path] = malloc(leaf_bytes);
	else if ((path >> (turns - 1) & 1) != 0)
		left(path, turns - 1);
	else
		right(path, turns - 1);
	__asm__ volatile("");
}

__attribute__((noinline)) static void left(unsigned path, unsigned turns)
{
	if (turns == 0)
		leaves[0]++, blocks[path] = malloc(leaf_bytes);
	else if ((path >> (turns - 1) & 1) != 0)
		right(path, turns - 1);
	else
		left(path, turns - 1);
	__asm__ volatile("");
}

static void *give_back(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < LENGTH(blocks); i++)
		if (i % 16 != 0)
			free(blocks[i]);
	return NULL;
}

void many_stacks(char **argv)
{
	pthread_t thread;

	(void)argv;
	for (unsigned i = 0; i < LENGTH(blocks); i++)
		left(i, 14);
	if (pthread_create(&thread, NULL, give_back, NULL) != 0)
		broken("pthread_create");
	pthread_join(thread, NULL);
}

static unsigned long handled_count;

static void handled(void)
{
	free(malloc(48));
	handled_count++;
}

static void *volatile given; /* from main() to the handler, which frees it */

static void give_one(void)
{
	if (given == NULL)
		given = malloc(60);
}

static void on_signal(int number)
{
	void *taken = given;

	(void)number;
	handled();
	given = NULL;
	free(taken);
}

/* Stacks that are new each time: nearly all the time is the shim's own. */
void handlers(char **argv)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec often = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };
	unsigned random = 1;
	timer_t timer;

	(void)argv;
	leaf_bytes = 8;
	if (sigaction(SIGUSR1, &action, NULL) != 0 ||
	    timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &often, NULL) != 0)
		broken("a timer");
	while (handled_count < 20000) {
		unsigned path = (random = random * 1103515245 + 12345) >> 18;

		give_one();
		left(path, 14);
		free(blocks[path]);
	}
	timer_settime(timer, 0, &never, NULL);
	free(given);
	printf("%lu %lu %lu\n", leaves[0], leaves[1], handled_count);
}

#ifdef __x86_64__
#define TRAP_FLAG 0x100ll
#define ATTACHING 250     /* threads that live side by side: each takes a new slot */
#define INSTRUCTIONS 2000 /* after which the first one is interrupted */
#define EARLIER 5 /* so many is each of the others, by and by before it attaches */

static unsigned interrupted; /* after so many instructions */
static pthread_barrier_t all_attached;

/* After each instruction, until the one that is interrupted. */
static void on_step(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)number, (void)info;
	if (--interrupted != 0)
		return;
	handled();
	free(given);
	given = NULL;
	at->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static void *attach_in_steps(void *unused)
{
	(void)unused;
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\t" /* past the red zone */
			 "pushfq\n\t"
			 "orq %0, (%%rsp)\n\t"
			 "popfq\n\t"
			 "lea 128(%%rsp), %%rsp" ::"i"(TRAP_FLAG)
			 : "memory", "cc");
	free(malloc(32));
	pthread_barrier_wait(&all_attached);
	return NULL;
}

/* A handler that allocates and frees wherever a thread is in its first allocation. */
void stepped_attach(char **argv)
{
	struct sigaction action = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };
	static pthread_t thread[ATTACHING];

	(void)argv;
	if (sigaction(SIGTRAP, &action, NULL) != 0 ||
	    pthread_barrier_init(&all_attached, NULL, ATTACHING + 1) != 0)
		broken("a handler");
	for (unsigned i = 0; i < ATTACHING; i++) {
		give_one();
		interrupted = INSTRUCTIONS - i * EARLIER;
		if (pthread_create(&thread[i], NULL, attach_in_steps, NULL) != 0)
			broken("pthread_create");
		while (given != NULL)
			sched_yield();
	}
	pthread_barrier_wait(&all_attached);
	for (unsigned i = 0; i < ATTACHING; i++)
		pthread_join(thread[i], NULL);
	printf("%lu\n", handled_count);
}
#endif

static volatile unsigned forks;
static volatile bool is_child;

/* The child returns from here, into whatever the parent was at. */
static void fork_in_handler(int number)
{
	pid_t pid = forks % 2 == 0 ? fork() : _Fork();
	int status = 1;

	(void)number;
	if (pid == 0) {
		is_child = true;
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || status != 0)
		broken("a child");
	forks++;
}

static void allocate_on(unsigned *random)
{
	unsigned path = (*random = *random * 1103515245 + 12345) >> 18;

	left(path, 14);
	blocks[path] = realloc(blocks[path], 100);
	free(blocks[path]);
}

void forking_handlers(char **argv)
{
	struct sigaction action = { .sa_handler = fork_in_handler };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	unsigned random = 1;
	timer_t timer;

	(void)argv;
	if (sigaction(SIGUSR1, &action, NULL) != 0 ||
	    timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
		broken("a timer");
	for (unsigned i = 0; i < 300; i++) {
		struct itimerspec once = { .it_value.tv_nsec = 200000 + random % 200000 };

		timer_settime(timer, 0, &once, NULL);
		while (forks == i && !is_child)
			allocate_on(&random);
		for (unsigned k = 0; is_child && k < 100; k++)
			allocate_on(&random);
		if (is_child)
			_exit(0);
	}
	printf("%lu %lu\n", leaves[0], leaves[1]);
}

/* Most signals arrive in the function that the kernel maps into every process. */
void in_the_vdso(char **argv)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec often = { { 0, 50000 }, { 0, 50000 } }, never = { 0 };
	struct timespec now;
	timer_t timer;

	(void)argv;
	if (sigaction(SIGUSR1, &action, NULL) != 0 ||
	    timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &often, NULL) != 0)
		broken("a timer");
	while (handled_count < 3000)
		clock_gettime(CLOCK_MONOTONIC, &now);
	timer_settime(timer, 0, &never, NULL);
}

/*
 * torture - everything that breaks profilers, at the same time, with a check of itself
 *
 * Usage: torture SECONDS DIRECTORY-OF-PLUGINS [anywhere]
 * Threads that allocate, throw, jump and switch stacks; threads that live for a
 * moment and free late; one that loads and unloads two objects at one address; one
 * that forks, with children of every kind; one that sends signals to all others.
 * `anywhere`: their handler allocates, which needs an allocator that can bear it
 * (signal_malloc.c). Prints as JSON what a profile must show, and exits 0; or says what
 * was wrong and exits 99.
 */
#include "tests/torture/torture.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 3
#define ERRNO_MARK 4711
#define POOL 64

struct truth truth_kept, truth_churned, truth_resized, truth_handled, truth_late;
static bool stopping, anywhere;
static pthread_t targets[WORKERS + 3];
static unsigned targets_count;
static const char *plugins;
static pthread_key_t late_key;
static uint64_t children, swaps, short_threads;
static void *pool[POOL]; /* blocks from any thread to any other */

void broken(const char *what)
{
	char line[200];
	int len = snprintf(line, sizeof line, "torture: %s is wrong (errno %d)\n", what,
			   errno);
	ssize_t unused = write(STDERR_FILENO, line, (size_t)len);

	(void)unused;
	syscall(SYS_exit_group, 99);
	abort();
}

uint32_t random_below(uint64_t *state, uint32_t limit)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33) % limit;
}

static void add(struct truth *truth, size_t size)
{
	__atomic_fetch_add(&truth->objects, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&truth->bytes, size, __ATOMIC_RELAXED);
}

/* The pattern: the block's size, and a byte of its address at its end. */
static void *marked(void *block, size_t size)
{
	if (block == NULL || errno != ERRNO_MARK)
		broken("malloc, or errno after it");
	memcpy(block, &size, sizeof size);
	((char *)block)[size - 1] = (char)((uintptr_t)block >> 4);
	return block;
}

static void check_mark(const void *block)
{
	size_t size;

	memcpy(&size, block, sizeof size);
	if (size < 9 || size > 1 << 20 ||
	    ((const char *)block)[size - 1] != (char)((uintptr_t)block >> 4))
		broken("a block's pattern");
}

__attribute__((noinline)) void *churned(size_t size)
{
	size = size < 9 ? 9 : size;
	errno = ERRNO_MARK;
	add(&truth_churned, size);
	return marked(malloc(size), size);
}

__attribute__((noinline)) void kept(size_t size)
{
	errno = ERRNO_MARK;
	add(&truth_kept, size);
	marked(malloc(size), size);
}

void release(void *block)
{
	if (block == NULL)
		return;
	check_mark(block);
	errno = ERRNO_MARK;
	free(block);
	if (errno != ERRNO_MARK)
		broken("errno after free");
}

/* Grows and shrinks; the block's own pattern follows its size. */
__attribute__((noinline)) static void resized(uint64_t *random)
{
	char *block = churned(20);

	for (int i = 0; i < 6; i++) {
		size_t size = 9 + random_below(random, 3000);

		check_mark(block);
		errno = ERRNO_MARK;
		add(&truth_resized, size);
		block = marked(realloc(block, size), size);
	}
	release(block);
}

static void traded(uint64_t *random)
{
	void *mine = churned(9 + random_below(random, 500));

	release(__atomic_exchange_n(&pool[random_below(random, POOL)], mine,
				    __ATOMIC_ACQ_REL));
}

__attribute__((noinline)) static void handled(void)
{
	void *volatile block = malloc(48);

	__atomic_fetch_add(&truth_handled.objects, 1, __ATOMIC_RELAXED);
	free(block);
}

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	if (anywhere)
		for (int i = 0; i < 3; i++)
			handled();
	errno = saved;
}

/* Returns the stack, for release after the thread's end: it is mapped. */
static void take_signals_elsewhere(void)
{
	size_t bytes = (size_t)sysconf(_SC_SIGSTKSZ);
	stack_t stack = { .ss_size = bytes };

	stack.ss_sp = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) != 0)
		broken("an alternate stack");
}

static bool going(void)
{
	return !__atomic_load_n(&stopping, __ATOMIC_RELAXED);
}

static void *work(void *seed)
{
	uint64_t random = (uintptr_t)seed;

	take_signals_elsewhere();
	while (going()) {
		release(churned(9 + random_below(&random, 900)));
		switch (random_below(&random, 8)) {
		case 0:
			run_coroutine(&random);
			break;
		case 1:
			jump_out(&random);
			break;
		case 2:
			throw_and_catch(&random, random_below(&random, 20));
			break;
		case 3:
			resized(&random);
			break;
		case 4:
			if (random_below(&random, 50) == 0)
				kept(9 + random_below(&random, 40));
			break;
		case 5:
			release(churned(9 + random_below(&random, 6)));
			break;
		default:
			traded(&random);
		}
	}
	return NULL;
}

__attribute__((noinline)) static void freed_late(void *block)
{
	release(block);
	add(&truth_late, 60);
	free(malloc(60));
}

static void *short_work(void *seed)
{
	uint64_t random = (uintptr_t)seed;

	pthread_setspecific(late_key, churned(99));
	for (int i = 0; i < 20; i++)
		traded(&random);
	return NULL;
}

static void *make_threads(void *unused)
{
	(void)unused;
	take_signals_elsewhere();
	while (going()) {
		pthread_t thread[4];

		for (uintptr_t i = 0; i < 4; i++)
			if (pthread_create(&thread[i], NULL, short_work,
					   (void *)(short_threads + i)) != 0)
				broken("pthread_create");
		for (int i = 0; i < 4; i++)
			pthread_join(thread[i], NULL);
		short_threads += 4;
	}
	return NULL;
}

static void *swap_plugins(void *unused)
{
	static const char *const names[] = { "plugin_one.so", "plugin_two.so" };
	char path[4096];

	(void)unused;
	take_signals_elsewhere();
	while (going()) {
		/* bound to libc's malloc, past the shim and any other allocator */
		bool deep = !anywhere && swaps % 3 == 0;
		void *handle, *block;
		void *(*function)(size_t);

		snprintf(path, sizeof path, "%s/%s", plugins, names[swaps % 2]);
		handle = dlopen(path, RTLD_NOW | (deep ? RTLD_DEEPBIND : RTLD_LOCAL));
		if (handle == NULL)
			broken(dlerror());
		*(void **)&function = dlsym(handle, "plugin_work");
		block = function(64);
		if (dlclose(handle) != 0 || block == NULL)
			broken("dlclose");
		free(block);
		swaps++;
	}
	return NULL;
}

/*
 * A child of a program with threads. Where libc did not see it made (kinds 2 and 3) its
 * allocator's locks may be held by nobody, but ours are none.
 */
static _Noreturn void child(uint64_t random, unsigned kind)
{
	if (!anywhere && (kind == 2 || kind == 3))
		_exit(0);
	for (int i = 0; i < 30; i++) {
		release(churned(9 + random_below(&random, 900)));
		jump_out(&random);
		resized(&random);
	}
	run_coroutine(&random);
	if (kind == 1) { /* again */
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			jump_out(&random);
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status != 0)
			broken("a grandchild");
	}
	_exit(0);
}

static pid_t make_child(unsigned kind)
{
	char name[] = "true", *argv[] = { name, NULL };
	pid_t pid = -1;

	switch (kind) {
	case 2:
		return _Fork();
	case 3:
		return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	case 4:
		return posix_spawnp(&pid, "true", NULL, NULL, argv, environ) == 0 ? pid
										  : -1;
	case 5:
		pid = vfork();
		if (pid == 0)
			_exit(0);
		return pid;
	default:
		return fork();
	}
}

static void *make_children(void *unused)
{
	uint64_t random = 7;

	(void)unused;
	take_signals_elsewhere();
	while (going()) {
		unsigned kind = random_below(&random, 6);
		int status = 0;
		pid_t pid = make_child(kind);

		if (pid == 0)
			child(random, kind);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (pid < 0 || status != 0)
			broken("a child");
		children++;
		usleep(2000);
	}
	return NULL;
}

static void send_signals(unsigned seconds)
{
	struct timespec begin, now;
	uint64_t random = 99;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		struct timespec pause = { 0, 20000 };

		pthread_kill(targets[random_below(&random, targets_count)], SIGUSR1);
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < (time_t)seconds);
}

static void start(void *(*run)(void *), uintptr_t argument)
{
	if (pthread_create(&targets[targets_count++], NULL, run, (void *)argument) != 0)
		broken("pthread_create");
}

static void print(void)
{
	printf("{\"kept\":[%lu,%lu],\"churned\":[%lu,%lu],\"resized\":[%lu,%lu],"
	       "\"handled\":[%lu,%lu],"
	       "\"freed_late\":[%lu,%lu],\n\"children\":%lu,\"swaps\":%lu,"
	       "\"short_threads\":%lu}\n",
	       truth_kept.objects, truth_kept.bytes, truth_churned.objects,
	       truth_churned.bytes, truth_resized.objects, truth_resized.bytes,
	       truth_handled.objects, truth_handled.objects * 48, truth_late.objects,
	       truth_late.bytes, children, swaps, short_threads);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESTART | SA_ONSTACK };

	if (argc < 3)
		return 2;
	plugins = argv[2];
	anywhere = argc > 3;
	if (sigaction(SIGUSR1, &action, NULL) != 0 ||
	    pthread_key_create(&late_key, freed_late) != 0)
		return 1;
	for (uintptr_t i = 0; i < WORKERS; i++)
		start(work, i + 1);
	start(make_threads, 0);
	start(swap_plugins, 0);
	start(make_children, 0);
	send_signals((unsigned)atoi(argv[1]));
	__atomic_store_n(&stopping, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < targets_count; i++)
		pthread_join(targets[i], NULL);
	for (unsigned i = 0; i < POOL; i++)
		release(pool[i]);
	print();
	return 0;
}

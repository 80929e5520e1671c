/*
 * hazards - one thing at a time that a profiler may break on; each says what it allocated
 *
 * Usage: hazards WAY [ARGUMENT...]
 * Blocks that count for the test come from the functions named there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hazards.h"

_Noreturn void broken(const char *what)
{
	const char *why = dlerror();

	fprintf(stderr, "hazards: %s: %s\n", what, why != NULL ? why : strerror(errno));
	exit(99);
}

static void parent_only(int n)
{
	for (int i = 0; i < n; i++)
		if (malloc(100) == NULL)
			broken("malloc");
}

static void child_only(void)
{
	for (int i = 0; i < 500; i++)
		if (malloc(10) == NULL)
			_exit(98);
}

static void child_of(pid_t pid)
{
	int status = 0;

	if (pid == 0) {
		child_only();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		broken("a child");
	parent_only(1000);
}

static void by_Fork(char **argv)
{
	(void)argv;
	parent_only(1000);
	child_of(_Fork());
}

static void by_clone(char **argv)
{
	(void)argv;
	parent_only(1000);
	child_of((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static void by_vfork(char **argv)
{
	int status = 0;
	pid_t pid;

	(void)argv;
	parent_only(1000);
	pid = vfork();
	if (pid == 0)
		_exit(3);
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 3)
		broken("vfork");
	parent_only(1000);
}

static bool counting;
static unsigned long counted_alone;

static void alone(void)
{
	free(malloc(32));
}

static void *count_alone(void *unused)
{
	(void)unused;
	while (__atomic_load_n(&counting, __ATOMIC_RELAXED)) {
		alone();
		counted_alone++;
	}
	return NULL;
}

/* The first that this thread does is done for it, by a child with its memory. */
static void *begin_in_a_child(void *unused)
{
	pid_t pid = vfork();

	if (pid == 0) {
		for (int i = 0; i < 50; i++)
			free(malloc(10));
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	parent_only(1000);
	usleep(10000);
	parent_only(1000);
	return unused;
}

/* Who attaches in a vfork child must not take the slot of a thread that lives. */
static void vfork_first(char **argv)
{
	pthread_t counter, beginner;

	(void)argv;
	counting = true;
	if (pthread_create(&counter, NULL, count_alone, NULL) != 0)
		broken("pthread_create");
	usleep(20000);
	for (int i = 0; i < 10; i++) {
		if (pthread_create(&beginner, NULL, begin_in_a_child, NULL) != 0)
			broken("pthread_create");
		pthread_join(beginner, NULL);
	}
	__atomic_store_n(&counting, false, __ATOMIC_RELAXED);
	pthread_join(counter, NULL);
	printf("%lu\n", counted_alone);
}

/* The shim asks the kernel for what a child needs; there is no descriptor for it. */
static void no_descriptors(char **argv)
{
	struct rlimit limit = { 3, 3 };
	pid_t pid;

	(void)argv;
	parent_only(1000);
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		broken("setrlimit");
	parent_only(1000);
	pid = fork();
	if (pid == 0)
		freopen("/dev/null", "w",
			stderr); /* it may say that it is not profiled */
	child_of(pid);
}

/* Half of what the program may have, in blocks that each come from the kernel. */
static void half_the_space(char **argv)
{
	struct rlimit limit;

	(void)argv;
	if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		broken("no limit");
	for (rlim_t got = 0; got < limit.rlim_cur / 2; got += 1u << 20)
		if (malloc((1u << 20) - 4096) == NULL)
			broken("malloc");
	parent_only(1000);
}

static void *short_life(void *argument)
{
	free(malloc(100));
	return argument;
}

static void *long_life(void *argument)
{
	free(malloc(100));
	pause();
	return argument;
}

static void short_threads(char **argv)
{
	int n = atoi(argv[0]);
	pthread_t thread[4];

	for (int i = 0; i < 7; i++)
		if (pthread_create(&thread[0], NULL, long_life, NULL) != 0)
			broken("pthread_create");
	for (int i = 0; i < n; i += 4) {
		for (int k = 0; k < 4; k++)
			if (pthread_create(&thread[k], NULL, short_life, NULL) != 0)
				broken("pthread_create");
		for (int k = 0; k < 4; k++)
			pthread_join(thread[k], NULL);
	}
}

static pthread_barrier_t all_there;

static void *meet(void *argument)
{
	free(malloc(100));
	pthread_barrier_wait(&all_there);
	free(malloc(100));
	return argument;
}

/* More at one time than the shim has slots for. */
static void live_threads(char **argv)
{
	unsigned n = (unsigned)atoi(argv[0]);
	pthread_t *thread = calloc(n, sizeof *thread);
	pthread_attr_t small;

	if (pthread_attr_init(&small) != 0 ||
	    pthread_attr_setstacksize(&small, 32768) != 0 ||
	    pthread_barrier_init(&all_there, NULL, n) != 0)
		broken("threads");
	for (unsigned i = 0; i < n; i++)
		if (pthread_create(&thread[i], &small, meet, NULL) != 0)
			broken("pthread_create");
	for (unsigned i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
}

static void *load(const char *path, int flags, void *(**ret_work)(size_t))
{
	void *handle = dlopen(path, RTLD_NOW | flags);

	if (handle == NULL)
		broken(path);
	*(void **)ret_work = dlsym(handle, "plugin_work");
	return handle;
}

static void deep_binding(char **argv)
{
	void *(*work)(size_t);

	load(argv[0], RTLD_DEEPBIND, &work);
	for (int i = 0; i < 100; i++)
		free(work(64)); /* libc's block, past the shim */
	parent_only(1000);
}

static void other_namespace(char **argv)
{
	void *handle = dlmopen(LM_ID_NEWLM, argv[0], RTLD_NOW);
	void *(*work)(size_t);

	if (handle == NULL)
		broken(argv[0]);
	*(void **)&work = dlsym(handle, "plugin_work");
	for (int i = 0; i < 100; i++)
		if (work(64) == NULL) /* of that namespace's own libc */
			broken("dlmopen");
	parent_only(1000);
	if (dlclose(handle) != 0)
		broken("dlclose");
	parent_only(1000);
}

static pthread_barrier_t turn;
static void *(*present)(size_t);
#define SWAPS 40

/* Always the same stack; behind it one object, or the other at the same address. */
static void *call_present(void *unused)
{
	(void)unused;
	for (int i = 0; i < SWAPS; i++) {
		pthread_barrier_wait(&turn);
		for (int k = 0; k < 50; k++)
			free(present(64));
		pthread_barrier_wait(&turn);
	}
	return NULL;
}

static void swapped(char **argv)
{
	pthread_t thread;
	void *first = NULL;

	pthread_barrier_init(&turn, NULL, 2);
	if (pthread_create(&thread, NULL, call_present, NULL) != 0)
		broken("pthread_create");
	for (int i = 0; i < SWAPS; i++) {
		void *handle = load(argv[i % 2], 0, &present);

		if (first == NULL)
			first = (void *)present;
		pthread_barrier_wait(&turn);
		pthread_barrier_wait(&turn);
		if ((void *)present != first)
			puts("at another address");
		if (dlclose(handle) != 0)
			broken("dlclose");
	}
	pthread_join(thread, NULL);
}

/* Converters that libc loads and drops behind everybody's back, then another object. */
static void converters(char **argv)
{
	static const char *const names[] = { "EUC-JP",      "ISO-2022-KR", "SHIFT_JIS",
					     "GB18030",     "BIG5",        "EUC-KR",
					     "ISO-2022-JP", "UTF-7",       "CP932" };
	void *(*work)(size_t);

	for (int round = 0; round < 5; round++) {
		for (unsigned i = 0; i < LENGTH(names); i++) {
			char text[] = "plain", out[100], *from = text, *to = out;
			size_t left = sizeof text, room = sizeof out;
			iconv_t cd = iconv_open(names[i], "UTF-8");

			if (cd == (iconv_t)-1 || iconv(cd, &from, &left, &to, &room) != 0)
				broken(names[i]);
			iconv_close(cd);
		}
		usleep(300000); /* the shim looks for what is gone four times a second */
		parent_only(100);
		for (int i = 0; i < 2; i++) {
			void *handle = load(argv[i], 0, &work);

			for (int k = 0; k < 10; k++)
				free(work(64));
			dlclose(handle);
		}
	}
}

static void name_services(char **argv)
{
	struct addrinfo *found = NULL;

	(void)argv;
	if (getpwnam("root") == NULL)
		broken("getpwnam");
	if (getaddrinfo("localhost", "80", NULL, &found) == 0)
		freeaddrinfo(found);
	parent_only(1000);
}

static void live_on(char **argv)
{
	(void)argv;
	parent_only(1000);
	puts("ready");
	fflush(stdout);
	getchar();
}

static void *when_told(void *argument)
{
	char c;

	if (read(0, &c, 1) == 1)
		parent_only(1000);
	return argument;
}

/* A thread whose first event comes when it is told; the others have none meanwhile. */
static void late_thread(char **argv)
{
	pthread_t thread;

	(void)argv;
	if (pthread_create(&thread, NULL, when_told, NULL) != 0)
		broken("pthread_create");
	puts("ready");
	fflush(stdout);
	pthread_join(thread, NULL);
	puts("done");
	fflush(stdout);
	pause();
}

/* Holds a block of an object that is replaced or removed before it ends. */
static void loaded(char **argv)
{
	void *(*work)(size_t);

	load(argv[0], 0, &work);
	for (int i = 0; i < 7; i++)
		if (work(64) == NULL)
			broken("work");
	live_on(argv);
}

static const struct {
	const char *name;
	void (*run)(char **argv);
} ways[] = {
	{ "_Fork", by_Fork },
	{ "clone", by_clone },
	{ "vfork", by_vfork },
	{ "vfork-first", vfork_first },
	{ "no-descriptors", no_descriptors },
	{ "half-the-space", half_the_space },
	{ "threads", short_threads },
	{ "live-threads", live_threads },
	{ "deepbind", deep_binding },
	{ "dlmopen", other_namespace },
	{ "swapped", swapped },
	{ "converters", converters },
	{ "names", name_services },
	{ "small-stacks", small_stacks },
	{ "stacks-beside", stacks_beside },
	{ "many-stacks", many_stacks },
	{ "handlers", handlers },
	{ "vdso", in_the_vdso },
#ifdef __x86_64__
	{ "stepped-attach", stepped_attach },
#endif
	{ "forking-handlers", forking_handlers },
	{ "late-thread", late_thread },
	{ "live", live_on },
	{ "loaded", loaded },
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc > 1 && i < LENGTH(ways); i++) {
		if (strcmp(argv[1], ways[i].name) == 0) {
			ways[i].run(argv + 2);
			return 0;
		}
	}
	return 2;
}

/*
 * strays - what a profiler must not touch: descriptor 2 once it is another file, the
 * limits and signals of the program, and what it does to all of its memory
 *
 * Usage: strays WAY [ARGUMENT]
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void broken(const char *what)
{
	printf("strays: %s\n", what);
	exit(99);
}

static void parent_only(int n)
{
	for (int i = 0; i < n; i++)
		if (malloc(100) == NULL)
			broken("malloc");
}

/* Where no segment can be made: n children one after the other. */
static void children_in_a_jail(const char *jail, int n)
{
	if (chroot(jail) != 0)
		broken("chroot");
	for (int i = 0; i < n; i++) {
		int status = 1;
		pid_t pid = fork();

		if (pid == 0) {
			parent_only(10);
			exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status != 0)
			broken("a child");
	}
}

/* As a daemon does; the next file that it opens is descriptor 2. */
static void another_file_is_stderr(const char *jail)
{
	struct stat data;

	parent_only(1000);
	close(2);
	if (open("data", O_RDWR | O_CREAT | O_TRUNC, 0600) != 2)
		broken("open");
	children_in_a_jail(jail, 3);
	if (fstat(2, &data) != 0 || data.st_size != 0)
		broken("somebody wrote into the data");
}

static void many_children(const char *jail)
{
	parent_only(1000);
	children_in_a_jail(jail, 20);
}

/* What is written at exit is larger than a file may be now. */
static void small_files(const char *unused)
{
	struct rlimit limit = { 8192, 8192 };

	(void)unused;
	parent_only(1000);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		broken("setrlimit");
}

/* A signal of the program's own stays pending, whoever writes meanwhile. */
static void pending_signal(const char *unused)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGXFSZ);
	small_files(unused);
}

static unsigned long locked_kib(void)
{
	char line[200];
	unsigned long kib = 0;
	FILE *status = fopen("/proc/self/status", "r");

	while (status != NULL && fgets(line, sizeof line, status) != NULL)
		if (sscanf(line, "VmLck: %lu", &kib) == 1)
			break;
	if (status != NULL)
		fclose(status);
	return kib;
}

/* Ends by itself when it would fill memory: a third of a second of CPU time. */
static void lock_all(const char *unused)
{
	struct itimerval third = { .it_value.tv_usec = 333333 };

	(void)unused;
	parent_only(1000);
	setitimer(ITIMER_PROF, &third, NULL);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
		broken("mlockall");
	parent_only(1000);
	if (locked_kib() < 1000 || locked_kib() > 200000)
		broken("what is locked");
}

static void show_limit(int resource)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0)
		broken("getrlimit");
	printf("%lu %lu\n", (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
}

/* Everything is printed, and is the same with and without a profiler. */
static void limit_memory(const char *unused)
{
	static const int resources[] = { RLIMIT_AS, RLIMIT_DATA };

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct rlimit limit = { 1ul << 30, 1ul << 31 };
		void *block;

		show_limit(resources[i]);
		if (setrlimit(resources[i], &limit) != 0)
			broken("setrlimit");
		show_limit(resources[i]);
		parent_only(1000);
		block = malloc(300ul << 20);
		printf("300 MiB: %s\n", block != NULL ? "yes" : "no");
		printf("800 MiB more: %s\n", malloc(800ul << 20) != NULL ? "yes" : "no");
		free(block);
	}
	fflush(stdout);
	if (system("ulimit -v; ulimit -d; (ulimit -v 500000; ulimit -v)") != 0)
		broken("a shell");
}

static const struct {
	const char *name;
	void (*run)(const char *argument);
} ways[] = {
	{ "another-file", another_file_is_stderr },
	{ "many-children", many_children },
	{ "small-files", small_files },
	{ "lock-all", lock_all },
	{ "limit-memory", limit_memory },
	{ "pending-signal", pending_signal },
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++) {
		if (strcmp(argv[1], ways[i].name) == 0) {
			ways[i].run(argc > 2 ? argv[2] : NULL);
			return 7;
		}
	}
	return 2;
}

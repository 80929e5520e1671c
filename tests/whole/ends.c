/*
 * ends - a program that ends, or makes children, in every way there is
 *
 * Usage: ends WAY [N]
 * parent_only() makes 1000 blocks of 100 bytes first, child_only() 500 of 10:
 * what a profile shows of them tells whose figures went where.
 */
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void parent_only(void)
{
	for (int i = 0; i < 1000; i++)
		if (malloc(100) == NULL)
			_exit(99);
}

static void child_only(void)
{
	for (int i = 0; i < 500; i++)
		if (malloc(10) == NULL)
			_exit(99);
}

/* What a child of the parent's own may do: allocate, then end or exec. */
static void fork_child(int code)
{
	pid_t pid = fork();

	if (pid == 0) {
		child_only();
		exit(code);
	}
	waitpid(pid, NULL, 0);
}

static void fork_exec(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		child_only();
		execlp("seq", "seq", "3", NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static void spawn(void)
{
	char name[] = "seq", last[] = "3", *argv[] = { name, last, NULL };
	pid_t pid;

	if (posix_spawnp(&pid, "seq", NULL, NULL, argv, environ) == 0)
		waitpid(pid, NULL, 0);
}

static int make_children(const char *way)
{
	if (strcmp(way, "fork") == 0)
		fork_child(7);
	else if (strcmp(way, "fork-exec") == 0)
		fork_exec();
	else if (strcmp(way, "spawn") == 0)
		spawn();
	else
		return 2;
	return 0;
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;

	parent_only();
	if (strcmp(way, "exit") == 0)
		exit(n);
	if (strcmp(way, "_exit") == 0)
		_exit(n);
	if (strcmp(way, "quick_exit") == 0)
		quick_exit(n);
	if (strcmp(way, "abort") == 0)
		abort();
	if (strcmp(way, "signal") == 0)
		raise(n);
	if (strcmp(way, "exec") == 0)
		execlp("sh", "sh", "-c", "exit 5", NULL);
	return make_children(way);
}

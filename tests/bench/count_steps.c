/*
 * count_steps - how many instructions a program runs between two marks
 *
 * Usage: count_steps PROGRAM ARG...
 * The program marks with `int3` (micro's argument "mark"). The tracer lets it run
 * to the first mark, then steps instruction by instruction to the second, and
 * prints the count. Addresses are not randomised, so a count repeats exactly.
 *
 * Why not valgrind: its address space ends at 16 TiB. The shim then falls back
 * to the smaller tables it has for such places, and what would be counted is
 * not the code that runs everywhere else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Runs on (PTRACE_CONT or PTRACE_SINGLESTEP) to the next trap; its signal. */
static int advance(pid_t pid, int request, int deliver)
{
	int status;

	if (ptrace(request, pid, NULL, (void *)(long)deliver) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		fail("ptrace");
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "count_steps: the program ended before its mark\n");
		exit(1);
	}
	return WSTOPSIG(status);
}

/* Does the trap come from an int3, and not from a step? */
static int at_mark(pid_t pid)
{
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, pid, NULL, &info) != 0)
		fail("ptrace");
	return info.si_code == SI_KERNEL;
}

static void run_to_mark(pid_t pid)
{
	int sig = 0;

	do
		sig = advance(pid, PTRACE_CONT, sig == SIGTRAP ? 0 : sig);
	while (sig != SIGTRAP || !at_mark(pid));
}

static unsigned long long step_to_mark(pid_t pid)
{
	unsigned long long steps = 0;
	int sig = 0;

	for (;; steps++) {
		sig = advance(pid, PTRACE_SINGLESTEP, sig == SIGTRAP ? 0 : sig);
		if (sig == SIGTRAP && at_mark(pid))
			return steps;
	}
}

/* A step is two switches between the processes: much faster on one processor. */
static void stay_on_one_processor(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	sched_setaffinity(0, sizeof one, &one);
}

int main(int argc, char **argv)
{
	pid_t pid;
	int status;

	if (argc < 2)
		return 2;
	stay_on_one_processor();
	pid = fork();
	if (pid == 0) {
		personality(ADDR_NO_RANDOMIZE);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(argv[1], argv + 1);
		fail(argv[1]);
	}
	waitpid(pid, &status, 0); /* the trap of exec */
	run_to_mark(pid);
	printf("%llu\n", step_to_mark(pid));
	kill(pid, SIGKILL);
	return 0;
}

/*
 * rusage - run a program and write to a file its peak RSS, in KiB, how long it ran, and
 * how long it had a processor, in nanoseconds
 *
 * Usage: rusage FILE PROGRAM ARG...      exits as PROGRAM does (128 + signal)
 * Linux counts the memory of the process that forked into a child's peak. So the
 * one that forks must be small: this, and not the script that measures. Nor does the
 * script see the end at once: it looks every now and then.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static long long ns_of(struct timeval time)
{
	return time.tv_sec * 1000000000ll + time.tv_usec * 1000ll;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	long long begin, ns;
	int status;
	FILE *out;
	pid_t pid;

	if (argc < 3)
		return 2;
	begin = now_ns();
	pid = vfork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	ns = now_ns() - begin;
	out = fopen(argv[1], "w");
	if (out == NULL ||
	    fprintf(out, "%ld %lld %lld\n", usage.ru_maxrss, ns,
		    ns_of(usage.ru_utime) + ns_of(usage.ru_stime)) < 0 ||
	    fclose(out) != 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/*
 * launch - start a program under the shim and see how it ends
 *
 * The child tells of a failed execvp through a pipe that a successful one
 * closes, so "not found" is never mistaken for a program that exits with 127.
 *
 * Signals to pass on are blocked from before the fork until the child's pid is
 * known; the child restores mask and dispositions before it becomes the program.
 */
#include "analyzer/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/machine/clock.h"

static volatile sig_atomic_t child_pid; /* for the signal handler */

struct dispositions {
	struct sigaction interrupt, quit, terminate, hangup, child;
	sigset_t mask;
};

static void pass_on(int signal_number)
{
	int saved = errno;

	if (child_pid > 0)
		kill(child_pid, signal_number);
	errno = saved;
}

static void take_signals(struct dispositions *old)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction forward = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	struct sigaction as_usual = { .sa_handler = SIG_DFL };
	sigset_t forwarded;

	sigemptyset(&forwarded);
	sigaddset(&forwarded, SIGTERM);
	sigaddset(&forwarded, SIGHUP);
	sigprocmask(SIG_BLOCK, &forwarded, &old->mask);
	sigaction(SIGINT, &ignore, &old->interrupt);
	sigaction(SIGQUIT, &ignore, &old->quit);
	sigaction(SIGTERM, &forward, &old->terminate);
	sigaction(SIGHUP, &forward, &old->hangup);
	/* ignored, which some daemons pass on, it leaves nothing to wait for */
	sigaction(SIGCHLD, &as_usual, &old->child);
	if (old->hangup.sa_handler == SIG_IGN) /* nohup heapring run ... */
		sigaction(SIGHUP, &ignore, NULL);
}

static void restore_signals(const struct dispositions *old)
{
	sigaction(SIGINT, &old->interrupt, NULL);
	sigaction(SIGQUIT, &old->quit, NULL);
	sigaction(SIGTERM, &old->terminate, NULL);
	sigaction(SIGHUP, &old->hangup, NULL);
	sigaction(SIGCHLD, &old->child, NULL);
	sigprocmask(SIG_SETMASK, &old->mask, NULL);
}

static void preload(const char *shim)
{
	const char *old = getenv("LD_PRELOAD");
	char *list = NULL;

	if (!old || !*old)
		setenv("LD_PRELOAD", shim, 1);
	else if (asprintf(&list, "%s:%s", shim, old) >= 0)
		setenv("LD_PRELOAD", list, 1);
	free(list);
}

static void set_environment(const char *shim, const struct launch_variable *set)
{
	if (shim)
		preload(shim);
	for (; set->name; set++)
		if (set->value)
			setenv(set->name, set->value, 1);
}

/* Until SIGCHLD, any other signal, or a second has passed; true: the latter. */
static bool wait_a_second(const sigset_t *ends)
{
	const struct timespec second = { .tv_sec = 1 };

	return sigtimedwait(ends, NULL, &second) < 0 && errno == EAGAIN;
}

/* SIGCHLD is blocked before the program is asked for, so that none is missed; launch()
 * restores the mask. */
static int wait_for(pid_t pid, launch_look_fn *look, void *arg,
		    struct launch_result *result)
{
	sigset_t ends;
	int status, r;

	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	while ((r = waitpid(pid, &status, WNOHANG)) <= 0) {
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0 && wait_a_second(&ends))
			look(arg, pid);
	}
	result->by_signal = WIFSIGNALED(status);
	result->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

__attribute__((noreturn)) static void become(char **argv, const char *shim,
					     const struct launch_variable *set,
					     int report, const struct dispositions *old)
{
	int error;

	set_environment(shim, set);
	restore_signals(old);
	execvp(argv[0], argv);
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

int launch(char **argv, const char *shim, const struct launch_variable *set,
	   launch_look_fn *look, void *arg, struct launch_result *ret_result)
{
	struct launch_result result = { .start_unix_ns = clock_unix_ns() };
	uint64_t start = clock_ns();
	struct dispositions old;
	int report[2], error = 0, r;

	if (pipe2(report, O_CLOEXEC) != 0)
		return -errno;
	fflush(NULL);
	take_signals(&old);
	result.pid = fork();
	if (result.pid == 0)
		become(argv, shim, set, report[1], &old);
	close(report[1]);
	child_pid = result.pid;
	sigprocmask(SIG_SETMASK, &old.mask, NULL);
	if (result.pid < 0)
		r = -EAGAIN;
	else if (read(report[0], &error, sizeof(error)) == sizeof(error))
		r = wait_for(result.pid, look, arg, &result) < 0 ? -ECHILD : -error;
	else
		r = wait_for(result.pid, look, arg, &result);
	close(report[0]);
	child_pid = 0;
	restore_signals(&old);
	result.elapsed_ns = clock_ns() - start;
	*ret_result = result;
	return r;
}

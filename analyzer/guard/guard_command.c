#include "analyzer/guard/guard_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void become(const struct guard_command *command, const struct guard_variable *set)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	for (; set && set->name; set++)
		setenv(set->name, set->value, 1);
	execl("/bin/sh", "sh", "-c", command->line, (char *)NULL);
	_exit(127);
}

bool guard_command_begin(struct guard_command *command, const struct guard_variable *set,
			 double now_s)
{
	if (!command->line || command->child > 0)
		return false;
	command->child = fork();
	if (command->child == 0)
		become(command, set);
	if (command->child < 0)
		command->child = 0;
	command->since_s = now_s;
	return command->child > 0;
}

static enum guard_outcome ended(struct guard_command *command, int status)
{
	command->child = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? GUARD_WELL : GUARD_BADLY;
}

enum guard_outcome guard_command_poll(struct guard_command *command, double now_s)
{
	int status;

	if (command->child == 0)
		return GUARD_IDLE;
	if (waitpid(command->child, &status, WNOHANG) == command->child)
		return ended(command, status);
	if (now_s - command->since_s < command->most_s)
		return GUARD_RUNNING;
	kill(-command->child, SIGKILL);
	kill(command->child, SIGKILL); /* it may not have its group yet */
	while (waitpid(command->child, &status, 0) < 0 && errno == EINTR)
		;
	command->child = 0;
	return GUARD_BADLY;
}

void guard_command_finish(struct guard_command *command)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	double now_s = command->since_s;

	while (guard_command_poll(command, now_s) == GUARD_RUNNING) {
		nanosleep(&pause, NULL);
		now_s += (double)pause.tv_nsec / 1e9;
	}
}

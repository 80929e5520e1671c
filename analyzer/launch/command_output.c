/*
 * command_output - what another program says on its standard output
 */
#include "analyzer/launch/command_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (16u << 20)

__attribute__((noreturn)) static void become(const char *const *argv, int to)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(to, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	unsetenv("LD_PRELOAD");
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static char *read_all(int fd)
{
	size_t used = 0, room = 4096;
	char *text = malloc(room);
	ssize_t got = 0;

	while (text && used < OUTPUT_MAX) {
		got = read(fd, text + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
		if (room - used < 2) {
			char *grown = realloc(text, room *= 2);

			if (!grown)
				free(text);
			text = grown;
		}
	}
	if (text && (got < 0 || used >= OUTPUT_MAX)) {
		free(text);
		text = NULL;
	}
	if (text)
		text[used] = '\0';
	return text;
}

char *command_output(const char *const *argv)
{
	int ends[2];
	char *text;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		become(argv, ends[1]);
	close(ends[1]);
	text = pid > 0 ? read_all(ends[0]) : NULL;
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return text;
}

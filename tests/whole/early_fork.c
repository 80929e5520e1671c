/*
 * early_fork - a library whose constructor forks, before the shim's own has run
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((constructor)) static void fork_early(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		free(malloc(10));
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		_exit(98);
}

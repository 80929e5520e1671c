/*
 * pager - long output goes through a pager when a person is looking
 *
 * The pager is a child that reads what was stdout. Leaving it early must not look
 * like a failure, hence SIGPIPE is left at its default: it ends us quietly.
 */
#include "analyzer/console/pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LESS_IF_THERE "if command -v less >/dev/null; then exec less; else exec cat; fi"

static pid_t pager;
static size_t columns; /* of the terminal behind the pager */

static const char *choose(void)
{
	const char *name = getenv("HEAPRING_PAGER");

	if (!name)
		name = getenv("PAGER");
	if (!name)
		name = LESS_IF_THERE;
	return *name && strcmp(name, "cat") != 0 ? name : NULL;
}

static void become(const char *name, const int *ends)
{
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	close(ends[1]);
	setenv("LESS", "FRX", /*overwrite=*/0);
	execl("/bin/sh", "sh", "-c", name, (char *)NULL);
	_exit(127);
}

static size_t columns_of_stdout(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void pager_begin(void)
{
	const char *name = choose();
	int ends[2];

	if (pager || !name || !isatty(STDOUT_FILENO) || pipe(ends) != 0)
		return;
	columns = columns_of_stdout();
	fflush(stdout);
	pager = fork();
	if (pager == 0)
		become(name, ends);
	if (pager > 0)
		dup2(ends[1], STDOUT_FILENO);
	close(ends[0]);
	close(ends[1]);
}

void pager_end(void)
{
	if (pager <= 0)
		return;
	fflush(stdout);
	close(STDOUT_FILENO);
	waitpid(pager, NULL, 0);
	pager = 0;
}

bool pager_is_terminal(void)
{
	return pager > 0 || isatty(STDOUT_FILENO);
}

size_t pager_columns(void)
{
	return pager > 0 ? columns : columns_of_stdout();
}

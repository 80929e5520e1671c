/*
 * say - the one way this program talks on stderr
 *
 * A line is built in a buffer on the stack and leaves with one write(2), so
 * lines of two threads do not mix and nothing is allocated.
 */
#include "pipeline/base/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SAY_LINE 1024

static int is_quiet; /* set before threads start, read-only after */

static void say(const char *mark, const char *fmt, va_list args)
{
	char line[SAY_LINE];
	size_t n = (size_t)snprintf(line, sizeof(line), "heapring-pipeline: %s", mark);
	int more = vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	ssize_t unused;

	if (more > 0)
		n += strlen(line + n);
	line[n++] = '\n';
	unused = write(STDERR_FILENO, line, n);
	(void)unused;
}

void say_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("", fmt, args);
	va_end(args);
}

void say_note(const char *fmt, ...)
{
	va_list args;

	if (is_quiet)
		return;
	va_start(args, fmt);
	say("note: ", fmt, args);
	va_end(args);
}

void say_quiet(int quiet)
{
	is_quiet = quiet;
}

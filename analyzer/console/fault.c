/*
 * fault - why something could not be done, in one line
 *
 * The text often quotes bytes of a hostile file or a path, so control
 * characters become '?' here, once, instead of at every caller.
 */
#include "analyzer/console/fault.h"

#include <stdarg.h>
#include <stdio.h>

int fault_set(struct fault *fault, enum fault_status status, int err, const char *format,
	      ...)
{
	va_list args;

	fault->status = status;
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	for (char *c = fault->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	return err;
}

int fault_print(const struct fault *fault)
{
	fprintf(stderr, "heapring: %s\n", fault->text);
	return fault->status;
}

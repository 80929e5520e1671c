/*
 * debian_package - which package has a file's debug symbols
 *
 * Packages may own a file under /lib that a merged system shows under /usr/lib, so
 * both names are asked for. Only libc's symbols are in a package of the old kind.
 */
#include "analyzer/launch/debian_package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/launch/command_output.h"

static char *owner_of(const char *path)
{
	const char *other = strncmp(path, "/usr/", 5) == 0 ? path + 4 : path;
	const char *argv[] = { "dpkg-query", "-S", path, other, NULL };

	return command_output(argv);
}

/* The line is "package:architecture: path" or "package, other: path". */
void debian_package_of_symbols(const char *path, char *ret_name, size_t room)
{
	char *real = realpath(path, NULL);
	char *text = real ? owner_of(real) : NULL;
	size_t length = text ? strcspn(text, ":,\n") : 0;

	*ret_name = '\0';
	if (length > 0 && strncmp(text, "diversion ", 10) != 0)
		snprintf(ret_name, room, "%.*s-%s", (int)length, text,
			 strncmp(text, "libc6", length) == 0 ? "dbg" : "dbgsym");
	free(text);
	free(real);
}

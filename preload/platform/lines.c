#include "preload/platform/lines.h"

#include <stddef.h>

#include "preload/platform/os_linux.h"

bool lines_each(const char *path, void (*each)(void *arg, const char *line), void *arg)
{
	char chunk[1024], line[LINES_KEPT + 1];
	size_t length = 0;
	ssize_t got;
	int fd = os_open(path, false);

	if (fd < 0)
		return false;
	while ((got = os_read(fd, chunk, sizeof chunk)) > 0)
		for (ssize_t i = 0; i < got; i++) {
			if (chunk[i] != '\n') {
				line[length] = chunk[i];
				length += length < LINES_KEPT;
				continue;
			}
			line[length] = '\0';
			each(arg, line);
			length = 0;
		}
	os_close(fd);
	return true;
}

const char *lines_number(const char *at, unsigned base, uint64_t *ret)
{
	for (*ret = 0;; at++) {
		unsigned digit = *at >= '0' && *at <= '9'   ? (unsigned)(*at - '0')
				 : *at >= 'a' && *at <= 'f' ? (unsigned)(*at - 'a' + 10)
							    : 16;

		if (digit >= base)
			return at;
		*ret = *ret * base + digit;
	}
}

const char *lines_field(const char *at)
{
	while (*at != '\0' && *at != ' ')
		at++;
	while (*at == ' ')
		at++;
	return at;
}

#include "preload/platform/limit.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"

#define PATH_BYTES 768u
#define NO_LIMIT (1ull << 62) /* version 1 writes a huge number for none */

/* The beginning of a small file, NUL-terminated; false: there is none. */
static bool read_file(const char *path, char *buf, size_t bytes)
{
	size_t len = os_read_file(path, buf, bytes - 1);

	buf[len] = '\0';
	return len > 0;
}

/* The number after a name, 0 none. */
static uint64_t number_after(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	uint64_t n = 0;

	if (at == NULL)
		return 0;
	for (at += strlen(name); *at == ' '; at++)
		;
	for (; *at >= '0' && *at <= '9' && n < NO_LIMIT; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	return n < NO_LIMIT ? n : 0;
}

static uint64_t limit_of_group(const char *mount, const char *group, const char *file)
{
	char path[PATH_BYTES], text[32];
	struct text p = text_into(path, sizeof path);

	text_str(&p, mount);
	text_str(&p, group);
	text_char(&p, '/');
	text_str(&p, file);
	if (p.cut || !read_file(path, text, sizeof text))
		return 0;
	return number_after(text, ""); /* "max" is none */
}

static uint64_t lowest_up(const char *mount, char *group, const char *file)
{
	uint64_t lowest = 0, limit;
	char *slash;

	for (;;) {
		limit = limit_of_group(mount, group, file);
		if (limit > 0 && (lowest == 0 || limit < lowest))
			lowest = limit;
		slash = strrchr(group, '/');
		if (slash == NULL)
			return lowest;
		*slash = '\0';
	}
}

/* "0::/path" is version 2, "4:memory:/path" version 1. */
static uint64_t limit_of_line(char *line)
{
	char *group = strstr(line, ":/");

	if (group == NULL || strstr(group, "/..") != NULL)
		return 0;
	group += group[2] == '\0' ? 2 : 1; /* the root's own path is "" */
	if (strncmp(line, "0::", 3) == 0)
		return lowest_up("/sys/fs/cgroup", group, "memory.max");
	if (strstr(line, ":memory:") != NULL)
		return lowest_up("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
	return 0;
}

static uint64_t limit_of_groups(void)
{
	static char text[4096]; /* read once, and stacks may be small */
	uint64_t limit = 0;
	char *next;

	if (!read_file("/proc/self/cgroup", text, sizeof text))
		return 0;
	for (char *line = text; limit == 0 && line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		limit = limit_of_line(line);
	}
	return limit;
}

uint64_t limit_read(void)
{
	uint64_t limit = limit_of_groups();
	char text[512]; /* MemAvailable is the third line */

	if (limit > 0)
		return limit;
	if (!read_file("/proc/meminfo", text, sizeof text))
		return 0;
	return number_after(text, "MemAvailable:") * 1024;
}

/*
 * cgroup - how much memory this process's control group allows
 *
 * In a container the own group is usually the mounted root; under systemd it lies
 * several folders below, and any of them may have the limit that counts.
 */
#include "pipeline/base/cgroup.h"

#include <stdio.h>
#include <string.h>

#define PATH_SIZE 4096
#define NO_LIMIT (1ull << 50) /* version 1 writes a huge number */

/* 0 when there is no limit in that file. */
static size_t read_limit(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long long limit = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%llu", &limit) != 1 || limit > NO_LIMIT)
		limit = 0;
	fclose(file);
	return (size_t)limit;
}

/* From the group in at up to the mount, whose path has root characters. */
static size_t lowest(char *at, size_t root, const char *file)
{
	size_t low = 0, len = strlen(at);

	for (;;) {
		size_t limit;

		snprintf(at + len, PATH_SIZE - len, "/%s", file);
		limit = read_limit(at);
		if (limit != 0 && (low == 0 || limit < low))
			low = limit;
		if (len <= root)
			return low;
		do
			len--;
		while (len > root && at[len] != '/');
	}
}

/* The group's path in a line such as "0::/a/b" or "4:memory:/a/b"; else NULL. */
static const char *group_of(const char *line, const char *controller)
{
	const char *first = strchr(line, ':'), *second;
	size_t len = strlen(controller);

	second = first != NULL ? strchr(first + 1, ':') : NULL;
	if (second == NULL || (size_t)(second - first - 1) != len ||
	    strncmp(first + 1, controller, len) != 0)
		return NULL;
	return second + 1;
}

static size_t look(const char *line, const char *controller, const char *mount,
		   const char *file)
{
	const char *group = group_of(line, controller);
	char at[PATH_SIZE];
	int root, len;

	if (group == NULL)
		return 0;
	root = snprintf(at, sizeof(at), "%s%s%s", mount, controller[0] ? "/" : "",
			controller);
	len = (int)strcspn(group, "\n");
	if (root + len + 64 > PATH_SIZE)
		return 0;
	snprintf(at + root, sizeof(at) - (size_t)root, "%.*s", len, group);
	return lowest(at, (size_t)root, file);
}

size_t cgroup_memory_limit(const char *membership, const char *mount)
{
	size_t low = 0;

	for (const char *line = membership; line != NULL && *line != '\0';) {
		size_t limit = look(line, "", mount, "memory.max");

		if (limit == 0)
			limit = look(line, "memory", mount, "memory.limit_in_bytes");
		if (limit != 0 && (low == 0 || limit < low))
			low = limit;
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return low;
}

size_t cgroup_memory_limit_here(void)
{
	char membership[PATH_SIZE];
	FILE *file = fopen("/proc/self/cgroup", "re");
	size_t n;

	if (file == NULL)
		return 0;
	n = fread(membership, 1, sizeof(membership) - 1, file);
	fclose(file);
	membership[n] = '\0';
	return cgroup_memory_limit(membership, "/sys/fs/cgroup");
}

/*
 * memory_map - the areas of a process's address space, as /proc/PID/smaps lists them
 *
 * The kernel writes a line break in a path as \012, so a line is a line.
 */
#include "analyzer/machine/memory_map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AREAS_MAX (1u << 20)

int memory_map_denied(uint32_t pid, int error, struct fault *fault)
{
	if (error == -ESRCH || error == -ENOENT)
		return fault_set(fault, FAULT_TARGET, error,
				 "process %u is gone, and its pages with it", pid);
	return fault_set(
		fault, FAULT_TARGET, error,
		"cannot look into the memory of process %u: %s; be its user (and "
		"where kernel.yama.ptrace_scope is above 0, root)",
		pid, strerror(-error));
}

static struct memory_area *add(struct memory_map *map)
{
	struct memory_area *grown;

	if (map->count >= AREAS_MAX)
		return NULL;
	if ((map->count & (map->count - 1)) == 0) {
		grown = realloc(map->areas,
				(map->count ? 2 * map->count : 1) * sizeof(*grown));
		if (!grown)
			return NULL;
		map->areas = grown;
	}
	memset(&map->areas[map->count], 0, sizeof(*map->areas));
	return &map->areas[map->count++];
}

static int begin_area(struct memory_map *map, uint64_t from, uint64_t to,
		      const char *rights, const char *rest)
{
	struct memory_area *area = add(map);
	unsigned long long inode = 0;
	int path = 0;

	if (!area)
		return -ENOMEM;
	if (sscanf(rest, " %*x %*x:%*x %llu %n", &inode, &path) < 1)
		path = (int)strlen(rest);
	area->from = from;
	area->to = to;
	area->is_readable = rights[0] == 'r';
	area->is_writable = rights[1] == 'w';
	area->is_shared = rights[3] == 's';
	area->is_file = inode != 0;
	area->path = strdup(rest + path);
	return area->path ? 0 : -ENOMEM;
}

static void read_figure(struct memory_area *area, const char *line)
{
	const struct {
		const char *name;
		uint64_t *to;
	} figures[] = { { "Rss:", &area->resident },
			{ "Anonymous:", &area->anonymous },
			{ "Swap:", &area->swapped } };
	uint64_t kib;

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		size_t length = strlen(figures[i].name);

		if (strncmp(line, figures[i].name, length) == 0 &&
		    sscanf(line + length, "%" SCNu64, &kib) == 1)
			*figures[i].to = kib << 10;
	}
}

static int read_line(struct memory_map *map, const char *line)
{
	uint64_t from, to;
	char rights[5];
	int rest = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4[rwxps-]%n", &from, &to, rights,
		   &rest) == 3) {
		if (map->count > 0 && from < map->areas[map->count - 1].to)
			return 0; /* it moved while it was read */
		return begin_area(map, from, to, rights, line + rest);
	}
	if (map->count > 0)
		read_figure(&map->areas[map->count - 1], line);
	return 0;
}

int memory_map_read(uint32_t pid, struct memory_map *ret_map, struct fault *fault)
{
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *stream;
	int r = 0;

	memset(ret_map, 0, sizeof(*ret_map));
	snprintf(path, sizeof(path), "/proc/%u/smaps", pid);
	stream = fopen(path, "re");
	if (!stream)
		return memory_map_denied(pid, -errno, fault);
	while (r == 0 && getline(&line, &room, stream) > 0) {
		line[strcspn(line, "\n")] = '\0';
		r = read_line(ret_map, line);
	}
	if (r == 0 && ferror(stream))
		r = memory_map_denied(pid, -errno, fault);
	else if (r == 0 && ret_map->count == 0)
		r = memory_map_denied(pid, -ESRCH, fault);
	else if (r < 0)
		fault_set(fault, FAULT_INPUT, r, "out of memory for the map of %u", pid);
	free(line);
	fclose(stream);
	if (r < 0)
		memory_map_done(ret_map);
	return r;
}

void memory_map_done(struct memory_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		free(map->areas[i].path);
	free(map->areas);
	memset(map, 0, sizeof(*map));
}

const struct memory_area *memory_map_at(const struct memory_map *map, uint64_t address)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->areas[middle].to <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < map->count && map->areas[low].from <= address ? &map->areas[low]
								   : NULL;
}

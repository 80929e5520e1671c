/*
 * perf_map - names of code that a just-in-time compiler made
 *
 * /tmp is writable by everybody: the file must belong to the caller (root takes
 * any), and is read whole before it is parsed.
 */
#include "analyzer/symbols/perf_map.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_MAX (256u << 20)

static bool is_older(const struct stat *st, uint64_t unix_ns)
{
	return (uint64_t)st->st_mtim.tv_sec < unix_ns / 1000000000u;
}

static char *read_all(uint32_t pid, uint64_t start_unix_ns)
{
	char path[64];
	char *text = NULL;
	struct stat st;
	size_t got = 0;
	ssize_t n = 1;
	int fd;

	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < BYTES_MAX &&
	    !is_older(&st, start_unix_ns) && (st.st_uid == geteuid() || geteuid() == 0))
		text = malloc((size_t)st.st_size + 1);
	while (text && n > 0 && got < (size_t)st.st_size) {
		n = read(fd, text + got, (size_t)st.st_size - got);
		got += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	if (text)
		text[got] = '\0';
	return text;
}

static int by_start(const void *a, const void *b)
{
	const struct perf_entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int append(struct perf_map *map, const struct perf_entry *entry)
{
	if ((map->count & (map->count + 1)) == 0) {
		struct perf_entry *grown =
			realloc(map->entries, (map->count * 2 + 1) * sizeof(*grown));

		if (!grown)
			return -1;
		map->entries = grown;
	}
	map->entries[map->count++] = *entry;
	return 0;
}

void perf_map_load(uint32_t pid, uint64_t start_unix_ns, struct perf_map *ret_map)
{
	char *save = NULL;

	memset(ret_map, 0, sizeof(*ret_map));
	ret_map->text = read_all(pid, start_unix_ns);
	if (!ret_map->text)
		return;
	for (char *line = strtok_r(ret_map->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct perf_entry entry = { .order = ret_map->count };
		char *at;

		entry.start = strtoull(line, &at, 16);
		entry.end = entry.start + strtoull(at, &at, 16);
		entry.name = at + strspn(at, " ");
		if (*entry.name && entry.end > entry.start && append(ret_map, &entry) < 0)
			break;
	}
	if (ret_map->count > 0)
		qsort(ret_map->entries, ret_map->count, sizeof(*ret_map->entries),
		      by_start);
}

void perf_map_done(struct perf_map *map)
{
	free(map->entries);
	free(map->text);
	memset(map, 0, sizeof(*map));
}

const char *perf_map_find(const struct perf_map *map, uint64_t address)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->entries[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= map->entries[low - 1].end)
		return NULL;
	return map->entries[low - 1].name;
}

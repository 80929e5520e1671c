/*
 * heap_resident - resident memory of the heap's kind, as the kernel counts it
 *
 * preload/life/resident.c counts the same from inside when the process ends.
 */
#include "analyzer/machine/heap_resident.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/machine/private_memory.h"

#define RESERVATION (1ull << 38) /* a mapping this large is address space, not heap */

/* Is the mapping the profiler's, or a part of it? */
static bool is_private(const struct heapring_private *own, uint64_t from, uint64_t to)
{
	for (uint32_t i = 0; i < own->used; i++)
		if (from < own->of[i].at + own->of[i].bytes && to > own->of[i].at)
			return true;
	return false;
}

/* "7f..-7f.. rw-p offset dev inode   path": does its resident memory count? */
static bool is_heap(const struct heapring_private *own, const char *line)
{
	uint64_t from, to, inode;
	char path[8] = "";

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %" SCNu64 " %7s", &from,
		   &to, &inode, path) < 3)
		return false;
	return inode == 0 && to - from < RESERVATION &&
	       (path[0] != '[' || strncmp(path, "[heap", 5) == 0 ||
		strncmp(path, "[anon", 5) == 0) &&
	       !is_private(own, from, to);
}

bool heap_resident_read(int pid, uint64_t private_table, uint64_t *ret_bytes)
{
	struct heapring_private *own;
	char path[64], line[PATH_MAX + 128];
	bool counts = false, any = false;
	uint64_t kilobytes, bytes = 0;
	FILE *from;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	from = fopen(path, "re");
	if (!from)
		return false;
	own = private_memory_read((uint32_t)pid, private_table);
	while (own && fgets(line, sizeof(line), from)) {
		any = true;
		if (sscanf(line, "Rss: %" SCNu64, &kilobytes) == 1)
			bytes += counts ? kilobytes << 10 : 0;
		else if (strchr("0123456789abcdef", line[0]))
			counts = is_heap(own, line);
	}
	free(own);
	fclose(from);
	*ret_bytes = bytes;
	return any;
}

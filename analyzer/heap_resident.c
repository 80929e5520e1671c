/*
 * heap_resident - resident memory of the heap's kind, as the kernel counts it
 *
 * preload/resident.c counts the same from inside when the process ends.
 */
#include "analyzer/heap_resident.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define RESERVATION (1ull << 38) /* a mapping this large is address space, not heap */

struct live_tables {
	uint64_t even, odd;
};

/* "7f..-7f.. rw-p offset dev inode   path": does its resident memory count? */
static bool is_heap(const struct live_tables *own, const char *line)
{
	uint64_t from, to, inode;
	char path[8] = "";

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %" SCNu64 " %7s", &from,
		   &to, &inode, path) < 3)
		return false;
	return inode == 0 && to - from < RESERVATION &&
	       (path[0] != '[' || strncmp(path, "[heap", 5) == 0 ||
		strncmp(path, "[anon", 5) == 0) &&
	       !(own->even >= from && own->even < to) &&
	       !(own->odd >= from && own->odd < to);
}

bool heap_resident_read(int pid, uint64_t live_table, uint64_t live_table_odd,
			uint64_t *ret_bytes)
{
	const struct live_tables own = { live_table, live_table_odd };
	char path[64], line[PATH_MAX + 128];
	bool counts = false, any = false;
	uint64_t kilobytes, bytes = 0;
	FILE *from;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	from = fopen(path, "re");
	if (!from)
		return false;
	while (fgets(line, sizeof(line), from)) {
		any = true;
		if (sscanf(line, "Rss: %" SCNu64, &kilobytes) == 1)
			bytes += counts ? kilobytes << 10 : 0;
		else if (strchr("0123456789abcdef", line[0]))
			counts = is_heap(&own, line);
	}
	fclose(from);
	*ret_bytes = bytes;
	return any;
}

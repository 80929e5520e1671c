#include "preload/life/resident.h"

#include <stdbool.h>
#include <string.h>

#include "preload/platform/lines.h"
#include "preload/platform/reserved.h"

#define RESERVATION (1ull << 38) /* a mapping this large is address space, not heap */
#define FIELDS_TO_PATH 5u

struct reading {
	bool counts; /* the mapping whose lines are being read is of the heap */
	uint64_t bytes;
};

/* "7f..-7f.. rw-p offset device inode   path" */
static bool is_heap(const char *line)
{
	struct reserved_range own;
	uint64_t from, to, inode;
	const char *at = lines_number(line, 16, &from);

	if (*at != '-')
		return false;
	at = lines_number(at + 1, 16, &to);
	for (unsigned i = 1; i < FIELDS_TO_PATH; i++)
		at = lines_field(at);
	at = lines_field(lines_number(at, 10, &inode));
	return inode == 0 && to - from < RESERVATION &&
	       (*at != '[' || strncmp(at, "[heap", 5) == 0 ||
		strncmp(at, "[anon", 5) == 0) &&
	       !reserved_within(from, to, &own);
}

/* "Rss:     12 kB" belongs to the mapping above it. */
static void take_line(void *arg, const char *line)
{
	struct reading *reading = arg;
	uint64_t kilobytes;

	if (strncmp(line, "Rss:", 4) == 0) {
		lines_number(lines_field(line), 10, &kilobytes);
		reading->bytes += reading->counts ? kilobytes << 10 : 0;
	} else if ((line[0] >= '0' && line[0] <= '9') ||
		   (line[0] >= 'a' && line[0] <= 'f')) {
		reading->counts = is_heap(line);
	}
}

uint64_t resident_heap(void)
{
	struct reading reading = { .bytes = 0 };

	lines_each("/proc/self/smaps", take_line, &reading);
	return reading.bytes;
}

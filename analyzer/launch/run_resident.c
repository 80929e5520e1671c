/*
 * run_resident - what was resident a moment before a program was killed
 *
 * Reading /proc/PID/smaps of a large process takes the kernel a while, so each look says
 * when the next one is due.
 */
#include "analyzer/launch/run_resident.h"

#include <unistd.h>

#include "analyzer/machine/clock.h"
#include "analyzer/machine/heap_resident.h"
#include "analyzer/segment/segment_dir.h"
#include "analyzer/segment/segment_map.h"

#define COST_PARTS 100u
#define SECOND_NS 1000000000ull
#define FRESH_NS (2 * SECOND_NS)
#define FRESH_PARTS 20u

void run_resident_begin(struct run_resident *resident, const char *dir)
{
	*resident = (struct run_resident){ .dir = dir, .start_ns = clock_ns() };
}

static bool read_header(const char *dir, pid_t pid, struct heapring_header *ret_header)
{
	struct segment_name name;
	struct fault ignored;
	bool found;
	int fd;

	if (segment_dir_find(dir, (uint32_t)pid, &name, &ignored) < 0)
		return false;
	fd = segment_dir_open(name.path, &ignored);
	if (fd < 0)
		return false;
	found = segment_map_header(fd, name.path, ret_header, &ignored) == 0;
	close(fd);
	return found;
}

void run_resident_look(void *arg, pid_t pid)
{
	struct run_resident *resident = arg;
	struct heapring_header header;
	uint64_t before = clock_ns();

	if (before < resident->next_ns || !read_header(resident->dir, pid, &header))
		return;
	if (header.live_bytes + HR_RESIDENT_WORTH > header.peak_bytes) {
		resident->seen_ns = 0;
		return;
	}
	if (heap_resident_read((int)pid, header.private_table, &resident->bytes))
		resident->seen_ns = clock_ns();
	resident->next_ns = before + COST_PARTS * (clock_ns() - before);
}

uint64_t run_resident_now(const struct run_resident *resident)
{
	uint64_t now = clock_ns(), fresh = (now - resident->start_ns) / FRESH_PARTS;

	if (resident->seen_ns == 0 ||
	    now - resident->seen_ns > (fresh > FRESH_NS ? fresh : FRESH_NS))
		return 0;
	return resident->bytes;
}

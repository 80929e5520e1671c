/*
 * memory_map - the areas of a process's address space, as /proc/PID/smaps lists them
 *
 * Contract
 *   - areas are in order of address and do not overlap;
 *   - `resident` is exact at the moment of reading (it does not count the zero page),
 *     which the counters of /proc/PID/statm are not;
 *   - -EPERM with a fault where the process may not be looked into.
 */
#ifndef ANALYZER_MACHINE_MEMORY_MAP_H
#define ANALYZER_MACHINE_MEMORY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/console/fault.h"

struct memory_area {
	uint64_t from, to;
	uint64_t resident;
	uint64_t anonymous; /* of resident: pages of no file, or changed copies */
	uint64_t swapped;
	bool is_readable, is_writable, is_shared;
	bool is_file; /* of a file; memory that is shared without a name is one, too */
	char *path;   /* as smaps gives it, "" none */
};

struct memory_map {
	struct memory_area *areas;
	size_t count;
};

int memory_map_read(uint32_t pid, struct memory_map *ret_map, struct fault *fault);
void memory_map_done(struct memory_map *map);

/* The area that holds the address, or NULL. */
const struct memory_area *memory_map_at(const struct memory_map *map, uint64_t address);

/* The process's own user, or root, may look: one line that says so. */
int memory_map_denied(uint32_t pid, int error, struct fault *fault);

#endif

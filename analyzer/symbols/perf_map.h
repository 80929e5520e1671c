/*
 * perf_map - names of code that a just-in-time compiler made
 *
 * Contract
 *   - reads /tmp/perf-PID.map as perf does: lines of START SIZE NAME, hex;
 *   - a file that is not there, too large, another user's, or older than the process
 *     (left by another one of that pid) gives an empty map;
 *   - later lines win over earlier ones for the same start.
 */
#ifndef ANALYZER_SYMBOLS_PERF_MAP_H
#define ANALYZER_SYMBOLS_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

struct perf_entry {
	uint64_t start, end;
	size_t order; /* line number */
	const char *name;
};

struct perf_map {
	char *text;
	struct perf_entry *entries; /* by start */
	size_t count;
};

void perf_map_load(uint32_t pid, uint64_t start_unix_ns, struct perf_map *ret_map);
void perf_map_done(struct perf_map *map);

/* NULL when nothing covers the address. */
const char *perf_map_find(const struct perf_map *map, uint64_t address);

#endif

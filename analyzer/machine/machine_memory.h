/*
 * machine_memory - what the kernel says of the machine's memory
 *
 * Contract
 *   - everything is readable by an ordinary user; what a kernel does not tell has
 *     its `has_...` unset, which is not the same as 0;
 *   - pressure is that of PSI (/proc/pressure/memory, or a control group's file of
 *     the same form): the share of time in which some task, or all of them, waited for
 *     memory, in percent.
 */
#ifndef ANALYZER_MACHINE_MACHINE_MEMORY_H
#define ANALYZER_MACHINE_MACHINE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct memory_pressure {
	double some_10s, some_60s;
	double full_10s, full_60s;
};

struct machine_memory {
	uint64_t total, available; /* 0: unknown */
	uint64_t swap_total, swap_free;
	bool has_kills;
	uint64_t kills; /* by the OOM killer since boot, in all groups */
	bool has_pressure;
	struct memory_pressure pressure;
};

void machine_memory_read(struct machine_memory *ret_memory);

/* False: the kernel has no such file, or was booted without PSI. */
bool memory_pressure_read(const char *path, struct memory_pressure *ret_pressure);

#endif

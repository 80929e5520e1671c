/*
 * cpu_unwind - the call stack of a copied piece of stack
 *
 * Contract
 *   - reads the unwind tables of the process's files, never the process;
 *   - frames come innermost first, as addresses of which one is to be subtracted
 *     for the look-up, like return addresses;
 *   - a stack that could not be followed to its end says so.
 */
#ifndef ANALYZER_MACHINE_CPU_UNWIND_H
#define ANALYZER_MACHINE_CPU_UNWIND_H

#include <heapring/segment.h>

#include "analyzer/machine/cpu_events.h"

#define CPU_FRAMES_MAX 512u

struct cpu_stack {
	uint64_t pcs[CPU_FRAMES_MAX];
	unsigned count;
	enum heapring_end end;
};

struct cpu_unwinder;

/* NULL: the process's mappings cannot be read. */
struct cpu_unwinder *cpu_unwinder_new(uint32_t pid);
void cpu_unwinder_free(struct cpu_unwinder *unwinder);

void cpu_unwind(struct cpu_unwinder *unwinder, const struct cpu_sample *sample,
		struct cpu_stack *ret_stack);

/* What the process maps there; false: nothing that comes from a file. */
bool cpu_unwinder_module(struct cpu_unwinder *unwinder, uint64_t address,
			 struct heapring_module *ret_module);

#endif

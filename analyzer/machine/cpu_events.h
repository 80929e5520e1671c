/*
 * cpu_events - where a process's threads are, 99 times per second of CPU time
 *
 * The kernel interrupts a thread of the target that has run for some 10 ms and
 * copies its registers and the top of its stack into memory that we share with the
 * kernel. Nothing of the target is changed or stopped.
 *
 * Contract
 *   - threads that begin later are sampled, children are not;
 *   - where the kernel allows it, time in system calls counts for who made the
 *     call; else only time outside of the kernel counts;
 *   - samples that found no room are counted.
 */
#ifndef ANALYZER_MACHINE_CPU_EVENTS_H
#define ANALYZER_MACHINE_CPU_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/console/fault.h"

#define CPU_PERIOD_NS 10101010u
#define CPU_STACK_BYTES (32u << 10)
#define CPU_REGISTERS_MAX 33u

struct cpu_sample {
	uint32_t tid;
	uint64_t pc, sp;
	uint64_t registers[CPU_REGISTERS_MAX]; /* by DWARF number */
	unsigned registers_count;
	const uint8_t *stack; /* from sp upwards */
	size_t stack_bytes;
};

typedef void cpu_sample_fn(void *arg, const struct cpu_sample *sample);

struct cpu_events;

/* -EPERM: the kernel forbids it; -ESRCH: no such process. */
int cpu_events_open(uint32_t pid, struct cpu_events **ret_events, struct fault *fault);
void cpu_events_close(struct cpu_events *events);

/* Shows what was sampled since the last call; has to be called every 100 ms. */
void cpu_events_read(struct cpu_events *events, cpu_sample_fn *fn, void *arg);

uint64_t cpu_events_lost(const struct cpu_events *events);

#endif

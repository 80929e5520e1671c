/*
 * namespace_pid - the process that has some number in its own PID namespace
 *
 * A segment is named by the number that the process knew itself by. In a container that
 * is another one than here, often 1.
 */
#ifndef ANALYZER_MACHINE_NAMESPACE_PID_H
#define ANALYZER_MACHINE_NAMESPACE_PID_H

#include <stdbool.h>
#include <stdint.h>

/* Calls test(arg, pid here) for every process of a PID namespace within ours that is
 * known by this number there, until it returns true; did any? */
bool namespace_pid_any(uint32_t pid_there, bool (*test)(void *arg, uint32_t pid_here),
		       void *arg);

#endif

/*
 * run_resident - what was resident a moment before a program was killed
 *
 * Why it exists: pages that no live block needs are seen by comparing what is resident
 * with what lives. A process that exits asks the kernel itself; one that is killed
 * cannot, and most services end by SIGTERM.
 *
 * Contract
 *   - looks only while the heap has 8 MiB less than at its peak, once a second at most,
 *     and for at most a hundredth of the time;
 *   - what it saw counts if that was within a twentieth of the run, or two seconds.
 */
#ifndef ANALYZER_LAUNCH_RUN_RESIDENT_H
#define ANALYZER_LAUNCH_RUN_RESIDENT_H

#include "analyzer/launch/launch.h"

struct run_resident {
	const char *dir;                     /* of segments */
	uint64_t start_ns, seen_ns, next_ns; /* CLOCK_MONOTONIC; 0: never */
	uint64_t bytes;
};

void run_resident_begin(struct run_resident *resident, const char *dir);

/* A launch_look_fn. */
void run_resident_look(void *resident, pid_t pid);

/* 0: not known, or too long ago. */
uint64_t run_resident_now(const struct run_resident *resident);

#endif

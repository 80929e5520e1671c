/*
 * watch_processes - the profiled processes, looked at again and again
 *
 * Contract
 *   - those that run come first, by live bytes; then those that ended;
 *   - a process keeps its figures of earlier looks; one that ended is read once.
 */
#ifndef ANALYZER_WATCH_WATCH_PROCESSES_H
#define ANALYZER_WATCH_WATCH_PROCESSES_H

#include "analyzer/serve/served.h"
#include "analyzer/watch/watch_points.h"

struct watch_process {
	struct served_process served;
	int64_t live, peak;
	uint64_t allocated, count, looked_ms;
	double rate; /* bytes per second */
	struct watch_points points;
	bool is_read, is_final;
};

struct watch_processes {
	struct watch_process *processes;
	size_t count;
};

int watch_processes_look(struct watch_processes *processes, struct fault *fault);
void watch_processes_done(struct watch_processes *processes);

#endif

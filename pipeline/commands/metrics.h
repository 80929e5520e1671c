/*
 * metrics - the run's numbers in Prometheus' text format, over HTTP
 *
 * Contract
 *   - metrics_load() loads the library that listening needs: 2.5 MiB, which must be
 *     there when the run's memory is divided; 0, or -ENOENT after one line;
 *   - metrics_open(), after it, listens on HOST:PORT, port 0 picks one and says which;
 * one line and NULL when it cannot;
 *   - GET /metrics and GET /healthz; nothing else, nothing that changes the run;
 *   - metrics_close() takes NULL and returns when no request is running.
 */
#ifndef PIPELINE_METRICS_H
#define PIPELINE_METRICS_H

#include "pipeline/stages/run.h"

struct metrics;

int metrics_load(void);
struct metrics *metrics_open(const char *address, struct run *run);
void metrics_close(struct metrics *m);

#endif

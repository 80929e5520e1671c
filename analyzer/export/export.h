/*
 * export - a profile in other programs' formats
 *
 * Contract
 *   - every format carries the same totals, those of the stacks that pass the
 *     filters;
 *   - values are final: samples are scaled already;
 *   - an exporter writes to the stream and leaves errors of the stream to the
 *     caller; it returns 0 or a negative errno with a fault.
 */
#ifndef ANALYZER_EXPORT_EXPORT_H
#define ANALYZER_EXPORT_EXPORT_H

#include <stdio.h>

#include "analyzer/views/view_target.h"

struct export_format {
	const char *name;
	enum view_granularity granularity;
	bool by_thread;      /* threads are labels of the stacks */
	bool takes_negative; /* so a base may be subtracted */
	int (*write)(struct view_target *target, FILE *to, struct fault *fault);
};

extern const struct export_format export_pprof;
/* Of a profile whose inuse_space is CPU time in ns and inuse_objects its samples. */
extern const struct export_format export_pprof_cpu;
extern const struct export_format export_collapsed;
extern const struct export_format export_callgrind;
extern const struct export_format export_json;
extern const struct export_format export_csv;
/* The text of gperftools and of Go's ?debug=1; not of `export`. */
extern const struct export_format export_legacy;

#endif

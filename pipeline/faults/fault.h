/*
 * fault - an anti-pattern that a run can be told to have
 *
 * Contract
 *   - each fault is one small file in faults/ that fills the hooks it needs; a NULL
 *     hook costs one branch; the healthy pipeline has no fault at all;
 *   - tune: before the limits are derived, may make the options worse;
 *     polled: poller, each message; true when the fault took the message away, and
 *     give() will hand it back; take nothing and return false to only look on;
 *     give: poller, refills row from what was taken; false when empty;
 *     decoded: worker, each good row; stored: sink thread, each batch;
 *   - faults are bounded where the machine would not survive them; the text says so.
 */
#ifndef PIPELINE_FAULT_H
#define PIPELINE_FAULT_H

#include <stdbool.h>

#include "pipeline/belt/belt.h"

struct options;

struct fault {
	const char *name;
	const char *what;   /* the anti-pattern */
	const char *expect; /* what a profile of it shows */
	void (*tune)(struct options *o);
	bool takes_all; /* polled() always takes: polling goes on without a free slot */
	bool (*polled)(const struct row *row);
	bool (*give)(struct row *row);
	void (*decoded)(const struct row *row);
	void (*stored)(const struct slot *slot);
};

/* NULL when there is no such fault. */
const struct fault *fault_find(const char *name);

/* All of them on stdout, with what to expect. */
void fault_list(void);

#endif

/*
 * audit_target - from a TARGET on the command line to a verdict
 *
 * Contract
 *   - a TARGET is what target.h says, or a pprof profile (no history then);
 *   - a live process is watched for wants.duration_s first, then read;
 *   - a dump is never taken for the process that it came from;
 *   - audit_target_load() leaves nothing to free when it fails; warnings about
 *     symbols go to stderr.
 */
#ifndef ANALYZER_AUDIT_AUDIT_TARGET_H
#define ANALYZER_AUDIT_AUDIT_TARGET_H

#include "analyzer/audit/audit.h"

struct audit_target_wants {
	double duration_s;
	const char *metrics_url; /* NULL: none */
};

struct audit_target {
	struct profile *profile;
	struct symbols *symbols;
	struct audit_surroundings around;
	struct audit *audit;
};

int audit_target_load(const char *name, const struct audit_target_wants *wants,
		      struct audit_target *ret, struct fault *fault);
void audit_target_done(struct audit_target *target);

#endif

/*
 * check - limits for CI: may this program's memory be what it is?
 *
 * Contract
 *   - a result for each limit that was set, in the order of struct check_limits;
 *   - a sampled figure fails only when it passes its limit by more than its error (95 %),
 *     so a passing program does not fail by chance;
 *   - a failed result names the stacks that account for it, the largest first;
 *   - a check that cannot be made (no such mark, no history) is a fault, not a pass.
 */
#ifndef ANALYZER_CHECK_CHECK_H
#define ANALYZER_CHECK_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/audit/audit_target.h"
#include "analyzer/views/suppressions.h"

#define CHECK_MARKS_MAX 8u
#define CHECK_RESULTS_MAX (8u + CHECK_MARKS_MAX)
#define CHECK_STACKS 5u

struct check_mark {
	const char *name;
	double allocs;
};

struct check_limits {
	bool has_leak, has_peak, has_growth;
	uint64_t leak_bytes; /* in use at the end, suppressed stacks apart */
	uint64_t peak_bytes;
	double growth_bytes_per_min;
	struct check_mark marks[CHECK_MARKS_MAX];
	unsigned marks_count;
	const struct audit_target *baseline; /* NULL: none */
	double tolerance;                    /* 0.05: five per cent more may be */
};

struct check_stack {
	size_t stack; /* in the profile */
	double value;
};

struct check_result {
	char name[64];
	bool passed;
	bool is_bytes;
	double value, limit, error; /* error: 95 %, 0 exact */
	char detail[400];           /* what was compared, in words */
	struct check_stack stacks[CHECK_STACKS];
	unsigned stacks_count;
};

struct check {
	struct check_result results[CHECK_RESULTS_MAX];
	unsigned count, failed;
};

int check_run(const struct check_limits *limits, const struct audit_target *target,
	      struct suppressions *suppressions, struct check *ret, struct fault *fault);

#endif

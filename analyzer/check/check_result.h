/*
 * check_result - how a result of a check is built up
 *
 * Private to check*.c.
 */
#ifndef ANALYZER_CHECK_CHECK_RESULT_H
#define ANALYZER_CHECK_CHECK_RESULT_H

#include "analyzer/check/check.h"

struct check_result *check_result_new(struct check *check, const char *name,
				      bool is_bytes);

/* Sets `passed` from value, error and limit. */
void check_result_judge(struct check *check, struct check_result *result);

/* Keeps the largest CHECK_STACKS. */
void check_result_name(struct check_result *result, size_t stack, double value);

/* 95 % error of a profile's total. */
double check_total_error(const struct profile *profile, enum profile_sample sample);

/* Adds the results of a comparison with limits->baseline. */
void check_baseline(const struct check_limits *limits, const struct audit_target *target,
		    struct check *check);

#endif

/*
 * check_baseline - is it more than it was?
 *
 * Two runs of two builds have other sites, so stacks are the same when the functions on
 * them are called the same, from the inside out.
 */
#include "analyzer/check/check_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* FNV-1a over the names of the functions on a stack. */
static uint64_t hash_of(const struct audit_target *target, size_t stack)
{
	const struct profile *profile = target->profile;
	uint32_t node = profile->stacks[stack].node;
	uint64_t hash = 14695981039346656037ull;

	for (; node >= HR_NODE_FIRST; node = profile->segment->nodes[node].parent) {
		unsigned count;
		const struct symbol *symbol =
			symbols_of_node(target->symbols, node, &count);

		for (unsigned i = 0; i < count; i++)
			for (const char *c = symbol[i].function; *c; c++)
				hash = (hash ^ (unsigned char)*c) * 1099511628211ull;
		hash *= 1099511628211ull;
	}
	return hash;
}

struct hashed {
	uint64_t hash;
	double value;
};

static int by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static double value_of_hash(const struct hashed *list, size_t count, uint64_t hash)
{
	size_t low = 0, high = count;
	double sum = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && list[low].hash == hash; low++)
		sum += list[low].value;
	return sum;
}

/* What a stack has more than the baseline's stack with the same functions. */
static void name_increases(const struct audit_target *target,
			   const struct audit_target *baseline,
			   enum profile_sample sample, struct check_result *result)
{
	const struct profile *then = baseline->profile;
	struct hashed *list = calloc(then->stacks_count + 1, sizeof(*list));

	if (!list)
		return; /* the verdict stands without its stacks */
	for (size_t i = 0; i < then->stacks_count; i++)
		list[i] = (struct hashed){ hash_of(baseline, i),
					   (double)then->stacks[i].value[sample] };
	qsort(list, then->stacks_count, sizeof(*list), by_hash);
	for (size_t i = 0; i < target->profile->stacks_count; i++)
		check_result_name(result, i,
				  (double)target->profile->stacks[i].value[sample] -
					  value_of_hash(list, then->stacks_count,
							hash_of(target, i)));
	free(list);
}

static void compare(const struct check_limits *limits, const struct audit_target *target,
		    enum profile_sample sample, const char *what, struct check *check)
{
	const struct profile *now = target->profile, *then = limits->baseline->profile;
	struct check_result *result =
		check_result_new(check, "baseline", profile_sample_is_bytes(sample));
	double value = (double)now->total[sample], before = (double)then->total[sample];
	double error = check_total_error(now, sample),
	       error_before = check_total_error(then, sample);

	snprintf(result->name, sizeof(result->name), "baseline %s",
		 profile_sample_name(sample));
	result->value = value;
	result->limit = before * (1 + limits->tolerance);
	result->error = sqrt(error * error + error_before * error_before);
	snprintf(result->detail, sizeof(result->detail),
		 "%s: %+.2f%% of the baseline's, %.4g%% may be", what,
		 before > 0  ? 100 * (value - before) / before
		 : value > 0 ? 100
			     : 0,
		 100 * limits->tolerance);
	check_result_judge(check, result);
	if (!result->passed)
		name_increases(target, limits->baseline, sample, result);
}

static void compare_peak(const struct check_limits *limits,
			 const struct audit_target *target, struct check *check)
{
	const struct profile *now = target->profile, *then = limits->baseline->profile;
	struct check_result *result =
		check_result_new(check, "baseline peak_space", true);

	result->value = (double)now->peak_space;
	result->limit = (double)then->peak_space * (1 + limits->tolerance);
	result->error = check_total_error(now, PROFILE_INUSE_SPACE) +
			check_total_error(then, PROFILE_INUSE_SPACE) +
			(double)(now->peak_error + then->peak_error);
	snprintf(result->detail, sizeof(result->detail),
		 "highest bytes in use, %.4g%% more than the baseline's may be",
		 100 * limits->tolerance);
	check_result_judge(check, result);
	if (!result->passed)
		name_increases(target, limits->baseline, PROFILE_INUSE_SPACE, result);
}

void check_baseline(const struct check_limits *limits, const struct audit_target *target,
		    struct check *check)
{
	compare(limits, target, PROFILE_INUSE_SPACE, "bytes in use at the end", check);
	compare(limits, target, PROFILE_ALLOC_SPACE, "bytes allocated", check);
	compare(limits, target, PROFILE_ALLOC_OBJECTS, "allocations", check);
	compare_peak(limits, target, check);
}

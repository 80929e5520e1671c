/*
 * profile_figures - rules of arithmetic that all figures of a profile follow
 */
#ifndef ANALYZER_PROFILE_PROFILE_FIGURES_H
#define ANALYZER_PROFILE_PROFILE_FIGURES_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <heapring/segment.h>

#include "analyzer/profile/profile.h"

/* A sampled site counts its objects in parts of one. */
static inline uint64_t figures_objects(uint64_t units, bool sampled)
{
	return sampled ? (units + HR_OBJECT_UNIT / 2) / HR_OBJECT_UNIT : units;
}

/* Between 0 and 1, whatever a torn read said. */
static inline double figures_share(double part, double whole)
{
	return whole > 0 ? fmin(1, part / whole) : 0;
}

/* For qsort(): the larger amount first, whether it is more or less of something. */
static inline int figures_larger_first(int64_t a, int64_t b)
{
	uint64_t left = (uint64_t)llabs(a), right = (uint64_t)llabs(b);

	return (left < right) - (left > right);
}

static inline void figures_add(int64_t to[PROFILE_SAMPLES],
			       const int64_t from[PROFILE_SAMPLES])
{
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		to[s] += from[s];
}

#endif

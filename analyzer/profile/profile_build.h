/*
 * profile_build - a profile made here instead of read: addresses, stacks, figures
 *
 * So that what was sampled from outside, or asked for by address, goes through the
 * same symbols, views and exports as what the shim counted.
 *
 * Contract
 *   - profile_build_begin() takes over a loaded profile of the process and keeps
 *     its header and modules only;
 *   - a stack is added from its outer end, frame by frame; equal ones are one;
 *   - addresses are return addresses, like those of a segment: one past what is
 *     to be looked up;
 *   - past PROFILE_BUILD_MAX frames new ones are [overflow];
 *   - the first failure sticks and profile_build_end() returns it; the profile is
 *     the caller's in any case.
 */
#ifndef ANALYZER_PROFILE_PROFILE_BUILD_H
#define ANALYZER_PROFILE_PROFILE_BUILD_H

#include <stdbool.h>

#include "analyzer/profile/profile.h"

#define PROFILE_BUILD_MAX (1u << 20)

struct profile_build;

/* NULL without memory; the profile is freed then. */
struct profile_build *profile_build_begin(struct profile *profile);

/* Asked for a module that the segment does not have; false: there is none. */
typedef bool profile_build_module_fn(void *arg, uint64_t address,
				     struct heapring_module *ret_module);
void profile_build_ask(struct profile_build *build, profile_build_module_fn *fn,
		       void *arg);

/* The frame that `parent` calls: HR_NODE_ROOT, a reason, or what this returned. */
uint32_t profile_build_frame(struct profile_build *build, uint32_t parent, uint64_t pc);

/* Adds to the figures of the stack whose innermost frame that is. */
void profile_build_count(struct profile_build *build, uint32_t node, uint64_t space,
			 uint64_t objects);

int profile_build_end(struct profile_build *build, struct profile **ret_profile);

#endif

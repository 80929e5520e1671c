/*
 * address_set - the distinct addresses that the stacks of a profile go through
 *
 * Contract
 *   - each (module, pc) pair is there once, ordered by module and pc;
 *   - every node on a stack of the profile maps to its address, and every stack that
 *     created threads to where they begin.
 */
#ifndef ANALYZER_PROFILE_ADDRESS_SET_H
#define ANALYZER_PROFILE_ADDRESS_SET_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/profile/profile.h"

#define ADDRESS_NONE UINT32_MAX

struct address {
	uint64_t pc;
	uint32_t number; /* in the order in which they were found */
	uint16_t module; /* index + 1, 0 unknown */
};

struct address_set {
	struct address *addresses;
	uint32_t count;
	uint32_t *of_node; /* by node id; ADDRESS_NONE: on no stack */
	uint32_t
		*of_start; /* by start; ADDRESS_NONE: its threads' routine is not known */
};

int address_set_load(const struct profile *profile, struct address_set *ret_set);
void address_set_done(struct address_set *set);

#endif

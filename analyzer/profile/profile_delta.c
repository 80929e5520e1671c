/*
 * profile_delta - what happened between two profiles of one process
 *
 * Nodes are never renumbered and stacks are ordered by node, so this is a merge.
 * A stack that had been there is there still.
 */
#include "analyzer/profile/profile_delta.h"

void profile_subtract(struct profile *now, const struct profile *before,
		      uint64_t window_ns)
{
	size_t at = 0;

	for (size_t i = 0; i < before->stacks_count; i++) {
		while (at < now->stacks_count &&
		       now->stacks[at].node < before->stacks[i].node)
			at++;
		if (at == now->stacks_count ||
		    now->stacks[at].node != before->stacks[i].node)
			continue;
		for (int s = 0; s < PROFILE_SAMPLES; s++) {
			now->stacks[at].value[s] -= before->stacks[i].value[s];
			now->total[s] -= before->stacks[i].value[s];
		}
	}
	now->window_ns = window_ns;
}

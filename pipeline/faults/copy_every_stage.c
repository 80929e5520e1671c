/*
 * copy-every-stage - each stage takes a copy, to be safe
 *
 * Poll, decode, check and store duplicate the payload in turn. Nothing leaks: it
 * is four allocations and four copies a message that nobody needed.
 */
#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"

static void *copy(const void *from, uint32_t len)
{
	void *to = memory_alloc(len);

	if (to != NULL)
		memcpy(to, from, len);
	return to;
}

static void decoded(const struct row *row)
{
	void *polled = copy(row->payload, row->len);
	void *decoding = polled == NULL ? NULL : copy(polled, row->len);
	void *checking = decoding == NULL ? NULL : copy(decoding, row->len);
	void *storing = checking == NULL ? NULL : copy(checking, row->len);

	free(polled);
	free(decoding);
	free(checking);
	free(storing);
}

const struct fault fault_copy_every_stage = {
	.name = "copy-every-stage",
	.what = "the payload is duplicated at each of four stages",
	.expect = "copy() leads alloc_space with four times the payload, nothing stays "
		  "live",
	.decoded = decoded,
};

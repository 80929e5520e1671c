/*
 * leak-slow - 64 bytes are forgotten for one message in a hundred
 *
 * At 50,000 messages a second that is 32 KB/s: nothing after a minute, a dead
 * service after a week.
 */
#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

#define FORGOTTEN 64

static void forget(uint64_t id)
{
	char *context = memory_alloc(FORGOTTEN);

	if (context != NULL)
		memset(context, (int)id, FORGOTTEN);
	__asm__ volatile("" : : "r"(context) : "memory"); /* keeps the call */
}

static void decoded(const struct row *row)
{
	if (row->offset % 100 == 0)
		forget(row->event.id);
}

const struct fault fault_leak_slow = {
	.name = "leak-slow",
	.what = "64 bytes are lost for one message in a hundred",
	.expect = "live bytes of forget() grow in a straight line, slowly",
	.tune = calm_rate,
	.decoded = decoded,
};

/*
 * leak-exponential - what is forgotten doubles every few seconds
 *
 * As when each retry makes two more. Ends at LEAK_MAX, so that the machine
 * survives the demonstration.
 */
#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/units.h"
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

#define FIRST_BYTES 16384.0
#define DOUBLING_NS 3e9
#define LEAK_MAX ((size_t)512 << 20)
#define PIECE 4096

static uint64_t start_ns; /* both the sink thread's alone */
static size_t leaked;

static void forget(size_t bytes)
{
	for (; bytes >= PIECE && leaked < LEAK_MAX; bytes -= PIECE, leaked += PIECE) {
		char *piece = memory_alloc(PIECE);

		if (piece == NULL)
			return;
		memset(piece, 1, PIECE);
		__asm__ volatile("" : : "r"(piece) : "memory");
	}
}

static void stored(const struct slot *slot)
{
	double due = FIRST_BYTES, age;

	(void)slot;
	if (start_ns == 0)
		start_ns = units_now_ns();
	age = (double)(units_now_ns() - start_ns);
	for (; age >= DOUBLING_NS; age -= DOUBLING_NS)
		due *= 2;
	due *= 1 + age / DOUBLING_NS;
	if (due > (double)leaked)
		forget((size_t)due - leaked);
}

const struct fault fault_leak_exponential = {
	.name = "leak-exponential",
	.what = "a leak that doubles every 3 seconds (512 MiB at most)",
	.expect = "live bytes of forget() double every 3 seconds",
	.tune = calm_rate,
	.stored = stored,
};

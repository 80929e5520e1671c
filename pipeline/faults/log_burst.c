/*
 * log-burst - every few seconds an error storm, one kept line for each message
 *
 * The lines wait for a slow writer and go all at once: a sawtooth. The peak is
 * what the memory limit must hold, the average says nothing.
 */
#include <stdio.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/units.h"
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

#define LINES_MAX 100000
#define PERIOD_NS UINT64_C(4000000000)
#define STORM_NS UINT64_C(2000000000)

static char *lines[LINES_MAX]; /* the sink thread's alone */
static unsigned n_lines;

static void keep_line(const struct row *row)
{
	char *line = NULL;
	int n;

	if (n_lines == LINES_MAX)
		return;
	n = asprintf(
		&line, "order %llu failed at partition %d offset %lld: customer %.*s",
		(unsigned long long)row->event.id, row->partition, (long long)row->offset,
		(int)row->event.customer.len, row->event.customer.at);
	if (n < 0)
		return;
	memory_here.calls++;
	memory_here.bytes += (size_t)n + 1;
	lines[n_lines++] = line;
}

static void stored(const struct slot *slot)
{
	if (units_now_ns() % PERIOD_NS < STORM_NS) {
		for (unsigned i = 0; i < slot->n; i++)
			keep_line(&slot->rows[i]);
		return;
	}
	while (n_lines > 0)
		free(lines[--n_lines]);
}

const struct fault fault_log_burst = {
	.name = "log-burst",
	.what = "for 2 of every 4 seconds each message leaves a log line that waits",
	.expect = "live bytes of asprintf rise and fall: a sawtooth",
	.tune = calm_rate,
	.stored = stored,
};

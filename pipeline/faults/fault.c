/*
 * fault - the list of anti-patterns
 *
 * One entry a file in faults/. The order is that of the listing: queues, churn,
 * leaks, bursts, pins.
 */
#include "pipeline/faults/fault.h"

#include <stdio.h>
#include <string.h>

extern const struct fault fault_unbounded_queue, fault_poll_without_backpressure,
	fault_grow_queue_on_lag, fault_thread_per_message, fault_copy_every_stage,
	fault_format_per_message, fault_map_per_message, fault_no_batch,
	fault_retry_forever, fault_leak_slow, fault_leak_exponential,
	fault_cache_without_limit, fault_log_burst, fault_hold_fetch_buffers;

static const struct fault *const faults[] = {
	&fault_unbounded_queue,   &fault_poll_without_backpressure,
	&fault_grow_queue_on_lag, &fault_thread_per_message,
	&fault_copy_every_stage,  &fault_format_per_message,
	&fault_map_per_message,   &fault_no_batch,
	&fault_retry_forever,     &fault_leak_slow,
	&fault_leak_exponential,  &fault_cache_without_limit,
	&fault_log_burst,         &fault_hold_fetch_buffers,
};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

const struct fault *fault_find(const char *name)
{
	for (size_t i = 0; i < FAULTS; i++)
		if (strcmp(faults[i]->name, name) == 0)
			return faults[i];
	return NULL;
}

void fault_list(void)
{
	for (size_t i = 0; i < FAULTS; i++)
		printf("%-26s %s\n%-26s expect: %s\n", faults[i]->name, faults[i]->what,
		       "", faults[i]->expect);
}

/*
 * thread-per-message - a new thread for each message
 *
 * Each costs a stack, a mapping and two switches for microseconds of work. At
 * most THREADS_MAX at once, because the machine must survive the demonstration;
 * beyond that the message waits for a thread to end.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

#define THREADS_MAX 400
#define WORK_US 2000

static _Atomic int alive; /* a count that orders nothing: relaxed */

static void *handle(void *payload)
{
	usleep(WORK_US);
	free(payload);
	atomic_fetch_sub_explicit(&alive, 1, memory_order_relaxed);
	return NULL;
}

static void decoded(const struct row *row)
{
	pthread_attr_t attr;
	pthread_t thread;
	char *payload;

	while (atomic_load_explicit(&alive, memory_order_relaxed) >= THREADS_MAX)
		usleep(100);
	payload = memory_alloc(row->len);
	if (payload == NULL)
		return;
	memcpy(payload, row->payload, row->len);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed);
	if (pthread_create(&thread, &attr, handle, payload) != 0)
		handle(payload);
	pthread_attr_destroy(&attr);
}

const struct fault fault_thread_per_message = {
	.name = "thread-per-message",
	.what = "every message is handled by a thread of its own (400 at once at most)",
	.expect = "pthread_create is the site with the most allocations; hundreds of "
		  "stacks",
	.tune = calm_rate,
	.decoded = decoded,
};

/*
 * api - what a program finds behind <heapring/heapring.h>
 *
 * Called by the program on purpose, so a call may take a microsecond, and the first one
 * may start the process's profile. errno stays what it was.
 */
#include <errno.h>
#include <string.h>

#include <heapring/heapring.h>

#include "preload/count/sums.h"
#include "preload/count/thread.h"
#include "preload/history/history.h"
#include "preload/platform/os_linux.h"
#include "preload/process/process.h"
#include "preload/segment/marks.h"
#include "preload/segment/tags.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void heapring_shim_mark(const char *name)
{
	int saved = errno;
	uint64_t now_ms;

	if (name != NULL && process_ready()) {
		now_ms = os_coarse_ms();
		marks_set(name, now_ms * 1000000u);
		history_cut(now_ms);
	}
	errno = saved;
}

/* bytes: how much of the struct the program knows. */
EXPORT int heapring_shim_stats(struct heapring_stats *stats, size_t bytes)
{
	struct heapring_stats all = { 0 };
	int saved = errno;
	bool ready = process_ready();

	if (ready)
		sums_stats(&all);
	memset(stats, 0, bytes);
	memcpy(stats, &all, bytes < sizeof all ? bytes : sizeof all);
	errno = saved;
	return ready ? 0 : -1;
}

EXPORT void heapring_shim_tag_push(const char *name)
{
	struct thread *t;

	if (thread_self->gate == GATE_CLOSED)
		thread_attach();
	t = thread_self;
	if (name == NULL || t->gate < GATE_EXACT)
		return;
	thread_tag_push(t, tags_number(name));
}

EXPORT void heapring_shim_tag_pop(void)
{
	if (thread_self->gate >= GATE_EXACT)
		thread_tag_pop(thread_self);
}

/*
 * peak - the process's highest live bytes, and what each site held then
 *
 * Why it exists: "what was alive at the peak" needs the peak of the sum over all
 * threads, and a shared counter would cost more than everything else.
 *
 * Shape. A thread holds its changes back, up to a distance that is a small share
 * of the peak, and folds them into the header's live_bytes when they pass it.
 * With one thread the peak is exact, for the thread knows how far it had risen
 * since the last fold; with T threads it is low by at most T times the header's
 * peak_error. A site notes what it held when a new peak began the first time it
 * is touched afterwards (MALT's idea), so a new peak costs one increment.
 */
#ifndef PRELOAD_PEAK_H
#define PRELOAD_PEAK_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "preload/count/thread.h"

/* The header's peak_id, where the fast path finds it with one load. */
extern uint32_t peak_now __attribute__((visibility("hidden")));

/* Before a counter changes: notes what it held when the present peak began. */
void peak_note(struct heapring_counter *counter);

/* The thread allocated (by > 0) or freed bytes. */
void peak_live_changed(struct thread *t, int64_t by);

/* At the process's end: what the calling thread still holds back. */
void peak_flush(struct thread *t);

void peak_reset(void);

#endif

/*
 * mode - exact, sampled or dormant, changed from outside while the program runs
 *
 * A reader asks by writing wanted_mode and wanted_rate and then another
 * wanted_seq into the header. No thread is signalled: each looks at wanted_seq
 * when its clock moved (exact: at the first event of a tick), at its next
 * sample (sampled) or after DORMANT_LOOK bytes (dormant), and changes its own
 * gate. Blocks keep what they were recorded with: their site names the rate, so
 * nothing is biased by a change.
 *
 * Pair M1: the reader stores wanted_seq with release after the other two  ->
 * mode_refresh() loads it with acquire before it reads them.
 */
#ifndef PRELOAD_MODE_H
#define PRELOAD_MODE_H

#include <stdbool.h>

#include "preload/count/thread.h"

#define DORMANT_LOOK (1 << 20)

/* Sets a new thread's gate and rate from the header. */
void mode_begin(struct thread *t);

/* Follows a change that was asked for; cheap when there is none. */
void mode_refresh(struct thread *t);

/* Somebody began or ceased to listen to the probes, which the fast path has not. */
void mode_follow_listeners(struct thread *t);

/* Draws the next sample point, or the next look when dormant. */
void mode_rearm(struct thread *t);

#endif

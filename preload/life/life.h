/*
 * life - of the profiled process: start, fork, exit
 *
 * The start is process_ready(), which process.h declares. Whoever is not profiled, and
 * did not ask for that, has read why in one line on stderr.
 *
 * Contract
 *   - life_finish() leaves a segment that says how the process ended, a
 *     dump if HEAPRING_OUTPUT asked for one, and an old segment less when there
 *     are more than HEAPRING_KEEP; called twice it does nothing;
 *   - nothing here is called on the hot path.
 */
#ifndef PRELOAD_LIFE_H
#define PRELOAD_LIFE_H

void life_finish(int exit_code);

/* In a child that goes on in the midst of an event of its parent, whose memory it kept:
 * what it still writes is nobody's, and it is not profiled. */
void life_detach(void);

#endif

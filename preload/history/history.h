/*
 * history - fills the history ring while the program allocates
 *
 * Contract
 *   - history_tick() is called by threads that read their coarse clock and found it
 *     moved (tick() in record.c); it costs two loads unless a slice is due;
 *   - the work of a slice is done in steps of at most some 60 us, one in three
 *     milliseconds: no call is delayed by more, and all of it together costs at most
 *     a fiftieth of one CPU. What takes longer makes slices longer;
 *   - no lock, no waiting: a thread that finds another one at work goes on. One that
 *     was stopped in a step for GIVE_UP_TICKS is given up, and another one goes on
 *     from what is in the segment;
 *   - no system call but segment growth, which a sandbox ends.
 */
#ifndef PRELOAD_HISTORY_H
#define PRELOAD_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

/* Reserves private memory, once for all address spaces. False: no memory. */
bool history_reserve(uint64_t bytes);

/* Begins the ring of a new segment; bytes 0: none. */
void history_begin(uint64_t bytes, uint64_t interval_ns, uint64_t start_ns);

/* An event happened at this time of the coarse monotonic clock. */
void history_tick(uint64_t now_ms);

/* A slice should end now; works on it for at most some 100 us. */
void history_cut(uint64_t now_ms);

#endif

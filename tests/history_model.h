/*
 * history_model - a process whose history is known: the shim's side of test_history
 *
 * A made-up clock drives the shim's history ring; the model remembers what was
 * counted at every tick. Apart from the test because both sides of the segment have a
 * struct of that name.
 */
#ifndef TESTS_HISTORY_MODEL_H
#define TESTS_HISTORY_MODEL_H

#include <stddef.h>
#include <stdint.h>

#define MODEL_BLOCKS 20000u
#define MODEL_INTERVAL_MS 1000u

/* What there was at a moment. */
struct moment {
	double at; /* seconds since the start */
	uint64_t live, objects, allocs, bytes;
};

/* Starts the process; history: HEAPRING_HISTORY. */
void model_begin(const char *history);

/* Block n, allocated at a stack of its own for every site. */
void model_allocate(uint32_t n, uint32_t site, size_t size);
void model_release(uint32_t n);
size_t model_size(uint32_t n); /* 0: not allocated */

/* Allocates and frees blocks at random. */
void model_events(uint32_t events, uint32_t sites);

/* Time passes, and a thread notices. */
void model_tick(uint64_t ms);

/* The same, and a slice is cut. */
void model_cut(uint64_t ms);

/* A slice is cut by a clock that is so far behind the process's start. */
void model_cut_early(uint64_t ms);

/* A thread begins a step of a slice that is due, and is stopped in it when it asks for
 * the time so often / goes on. */
void model_stop_a_writer(unsigned asked);
void model_resume_the_writer(void);

struct moment model_now(void);

/* What there was at the last tick up to then. */
struct moment model_at(double at);

const char *model_path(void);

#endif

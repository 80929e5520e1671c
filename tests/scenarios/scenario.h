/*
 * scenario - small programs whose truth is known: what they share
 *
 * Contract
 *   - a program runs for so many seconds and sleeps most of them: scenario_tick() is
 *     false when the time is over, and waits until the next tick is due;
 *   - ticks that could not be kept (a busy machine) are made up for at once, so what
 *     a scenario does in its time does not depend on the machine;
 *   - random numbers are the same in every run.
 */
#ifndef TESTS_SCENARIO_H
#define TESTS_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCENARIO __attribute__((noinline))

typedef void scenario_fn(double scale);

struct scenario {
	const char *name;
	scenario_fn *run;
};

/* so many ticks a second */
bool scenario_tick(double per_second);
/* 0 at the start .. 1 at the end */
double scenario_done(void);
double scenario_seconds(void); /* how long it runs */

uint32_t scenario_random(uint32_t below);

/* Touches every page, so that the block is resident, and keeps the compiler from
 * removing it. */
void *scenario_use(void *block, size_t bytes);

/* NAME SECONDS [SCALE]; returns an exit status. */
int scenario_main(int argc, char **argv, const struct scenario *scenarios);

#ifdef __cplusplus
}
#endif

#endif

/*
 * scenario - small programs whose truth is known: what they share
 */
#include "tests/scenarios/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double start, length;
static double ticks;
static uint64_t state = 88172645463325252ull;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

bool scenario_tick(double per_second)
{
	double due = start + ++ticks / per_second, wait = due - now();
	struct timespec time = { (time_t)wait,
				 (long)((wait - (double)(time_t)wait) * 1e9) };

	if (due > start + length)
		return false;
	if (wait > 0)
		nanosleep(&time, NULL);
	return true;
}

double scenario_done(void)
{
	double done = (now() - start) / length;

	return done < 1 ? done : 1;
}

double scenario_seconds(void)
{
	return length;
}

uint32_t scenario_random(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % below;
}

void *scenario_use(void *block, size_t bytes)
{
	if (block == NULL)
		abort();
	for (size_t i = 0; i < bytes; i += 4096)
		((volatile char *)block)[i] = 1;
	__asm__ volatile("" : : "r"(block) : "memory");
	return block;
}

int scenario_main(int argc, char **argv, const struct scenario *scenarios)
{
	if (argc < 3)
		return 2;
	for (; scenarios->name; scenarios++) {
		if (strcmp(scenarios->name, argv[1]) != 0)
			continue;
		length = atof(argv[2]);
		start = now();
		scenarios->run(argc > 3 ? atof(argv[3]) : 1);
		return 0;
	}
	fprintf(stderr, "no scenario %s\n", argv[1]);
	return 2;
}

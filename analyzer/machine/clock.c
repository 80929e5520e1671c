#include "analyzer/machine/clock.h"

#include <time.h>

static uint64_t read_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clock_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_ms(void)
{
	return (int64_t)(clock_ns() / 1000000);
}

double clock_s(void)
{
	return (double)clock_ns() / 1e9;
}

uint64_t clock_unix_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

/*
 * many_leaks MS - thirty functions that all leak at the same rate, until MS milliseconds
 * are over; then it kills itself, so that what it holds is not told to be kept to the end
 */
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BYTES 200

/* each its own place, or they would be one function to the compiler */
#define LEAK(n)                                                                          \
	static void *volatile kept_##n;                                                  \
	static __attribute__((noinline)) void leak_##n(void)                             \
	{                                                                                \
		kept_##n = malloc(BYTES);                                                \
	}
#define TEN(each, tens)                                                                  \
	each(tens##0) each(tens##1) each(tens##2) each(tens##3) each(tens##4)            \
		each(tens##5) each(tens##6) each(tens##7) each(tens##8) each(tens##9)
#define CALL(n) leak_##n();

TEN(LEAK, 1)
TEN(LEAK, 2)
TEN(LEAK, 3)

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	double end = seconds() + (argc > 1 ? atof(argv[1]) : 0) * 1e-3;

	while (seconds() < end) {
		TEN(CALL, 1)
		TEN(CALL, 2)
		TEN(CALL, 3)
		usleep(2000);
	}
	return raise(SIGKILL);
}

/*
 * shifted_clock - a program's own clock_gettime, as libfaketime has it: the kernel's page
 * does not hold this time
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	int ret = (int)syscall(SYS_clock_gettime, clock, ret_now);

	ret_now->tv_sec += 1000;
	return ret;
}

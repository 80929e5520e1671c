/*
 * slow_munmap - a munmap that returns long after the kernel gave the range away
 *
 * Preloaded behind the shim: whoever maps meanwhile gets the same addresses.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

int munmap(void *at, size_t bytes)
{
	static int (*real)(void *, size_t);
	int ret;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "munmap");
	ret = real(at, bytes);
	usleep(20);
	return ret;
}

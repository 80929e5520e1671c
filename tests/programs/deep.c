/*
 * deep - stacks far deeper than HEAPRING_DEPTH, and stacks that come and go
 *
 * Recurses 100,000 frames (the runner lifts the limit on the stack) and allocates
 * on the way down and up; then threads do the same, less deep, on stacks that the
 * program maps itself, a little larger or smaller each time, and unmaps when the
 * thread is gone, so that the next one stands where another stack was.
 *
 * Usage: deep [frames]
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define THREADS 40u

static void touch(void *block)
{
	if (block == NULL)
		abort();
	*(volatile char *)block = 1;
	free(block);
}

static __attribute__((noinline)) int even(unsigned left);

static __attribute__((noinline)) int odd(unsigned left)
{
	volatile char local[24];

	local[left % 24] = 1;
	if (left % 64 < 3)
		touch(malloc(left % 100 + 1));
	return left == 0 ? 0 : even(left - 1) + local[left % 24];
}

static __attribute__((noinline)) int even(unsigned left)
{
	int sum = left == 0 ? 0 : odd(left - 1);

	if (left % 64 < 4)
		touch(malloc(left % 77 + 1));
	return sum + 1;
}

static void *climb(void *frames)
{
	return (void *)(uintptr_t)even((unsigned)(uintptr_t)frames);
}

static void on_own_stack(size_t bytes, unsigned frames)
{
	void *stack = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	if (stack == MAP_FAILED || pthread_attr_setstack(&attr, stack, bytes) != 0 ||
	    pthread_create(&thread, &attr, climb, (void *)(uintptr_t)frames) != 0)
		abort();
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	munmap(stack, bytes);
}

int main(int argc, char **argv)
{
	unsigned frames = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;

	even(frames);
	even(90);
	for (unsigned i = 0; i < THREADS; i++)
		on_own_stack((256u + i % 7 * 4) << 10, 100 + i * 7);
	odd(frames);
	return 0;
}

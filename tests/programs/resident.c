/*
 * resident - memory of every kind, of known size
 *
 * Usage: resident   prints "NAME BYTES" lines and ".", then waits for the end of stdin
 * Everything is touched but what is named absent. Names are lines of `heapring rss`, or
 * functions in its list of what was mapped directly.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define BLOCKS 20000
#define THREADS 20
#define KEPT 5
#define STACK_TOUCHED (512u << 10)

static void *volatile keep[BLOCKS];
static void *volatile hold[8];
static pthread_barrier_t barrier;

static void say(const char *name, size_t bytes)
{
	printf("%s %zu\n", name, bytes);
}

static void live(void)
{
	for (int i = 0; i < BLOCKS; i++)
		keep[i] = memset(malloc(1000), 1, 1000);
	hold[0] = memset(malloc(3 * MIB), 1, 3 * MIB);
	say("live", (size_t)BLOCKS * 1000 + 3 * MIB);
}

/* Every other block is freed: holes that no allocator can give back. */
static void holes(void)
{
	size_t bytes = 0;

	for (int i = 0; i < BLOCKS; i += 2) {
		free(keep[i]);
		keep[i] = NULL;
		bytes += 1000;
	}
	say("free", bytes);
	say("live", (size_t)0 - bytes);
}

static void absent(void)
{
	hold[1] = malloc(64 * MIB); /* calloc of some allocators touches it */
	say("absent", 64 * MIB);
}

static void *maps_anonymous(size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
}

static void maps_half(void)
{
	char *map = maps_anonymous(24 * MIB);

	memset(map, 1, 16 * MIB);
	hold[2] = map;
	say("direct", 16 * MIB);
}

static void maps_all(void)
{
	hold[3] = memset(maps_anonymous(5 * MIB), 1, 5 * MIB);
	say("direct", 5 * MIB);
}

static void shares(void)
{
	int fd = memfd_create("resident", 0);

	if (fd < 0 || ftruncate(fd, 4 * MIB) < 0)
		exit(1);
	hold[4] = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(hold[4], 1, 4 * MIB);
	say("shared", 4 * MIB);
}

static void touch_stack(void)
{
	char stack[STACK_TOUCHED];

	memset(stack, 1, sizeof(stack));
	hold[5] = stack;
}

static void *stays(void *unused)
{
	touch_stack();
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return unused;
}

static void *ends(void *unused)
{
	touch_stack();
	pthread_barrier_wait(&barrier);
	return unused;
}

static void stacks(void)
{
	pthread_t thread[THREADS + KEPT];

	pthread_barrier_init(&barrier, NULL, THREADS + KEPT + 1);
	for (int i = 0; i < THREADS + KEPT; i++)
		pthread_create(&thread[i], NULL, i < THREADS ? stays : ends, NULL);
	pthread_barrier_wait(&barrier);
	for (int i = THREADS; i < THREADS + KEPT; i++)
		pthread_join(thread[i], NULL);
	say("stacks", (size_t)(THREADS + KEPT) * STACK_TOUCHED);
}

int main(void)
{
	char byte;

	live();
	holes();
	absent();
	maps_half();
	maps_all();
	shares();
	stacks();
	puts(".");
	fflush(stdout);
	return read(0, &byte, 1) < 0;
}

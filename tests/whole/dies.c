/*
 * dies - leaks below other traffic until somebody ends it
 *
 * Usage: dies FILE THREADS BYTES_PER_S
 * FILE is shared memory: thread i publishes in counts[i] what it has done, each figure
 * right after the call that it counts, so it tells the truth after a kill. Each thread
 * forgets its share of BYTES_PER_S and touches it, and makes and frees other blocks.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 8
#define FORGOTTEN 2000u
#define TEMPORARY 500u
#define TEMPORARIES 16u /* for each forgotten block */

struct counts {
	_Alignas(64) uint64_t forgotten;
	uint64_t forgotten_bytes, temporary, freed;
};

static struct counts *counts;
static double rate; /* bytes a second, of each thread */

static void publish(uint64_t *counter, uint64_t by)
{
	__atomic_store_n(counter, *counter + by, __ATOMIC_RELEASE);
}

static void forget(struct counts *mine)
{
	char *volatile block = malloc(FORGOTTEN);

	if (block == NULL)
		abort();
	publish(&mine->forgotten, 1);
	publish(&mine->forgotten_bytes, FORGOTTEN);
	memset(block, 1, FORGOTTEN);
}

static void use(struct counts *mine)
{
	char *volatile block = malloc(TEMPORARY);

	publish(&mine->temporary, 1);
	free(block);
	publish(&mine->freed, 1);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *live(void *arg)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct counts *mine = arg;
	double start = now_s();

	for (;;) {
		while ((double)mine->forgotten_bytes < (now_s() - start) * rate) {
			forget(mine);
			for (unsigned i = 0; i < TEMPORARIES; i++)
				use(mine);
		}
		nanosleep(&pause, NULL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int fd = argc == 4 ? open(argv[1], O_RDWR) : -1;
	int threads = fd < 0 ? 0 : atoi(argv[2]);
	pthread_t thread;

	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	rate = atof(argv[3]) / threads;
	counts = mmap(NULL, THREADS_MAX * sizeof *counts, PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED)
		return 2;
	for (int i = 1; i < threads; i++)
		if (pthread_create(&thread, NULL, live, &counts[i]) != 0)
			return 2;
	live(&counts[0]);
	return 0;
}

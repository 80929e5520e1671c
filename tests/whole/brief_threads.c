/*
 * brief_threads - one thread after the other, each of which makes one block and ends
 *
 * Usage: brief_threads THREADS BYTES
 * The blocks are lost.
 */
#include <pthread.h>
#include <stdlib.h>

static void *make(void *bytes)
{
	static void *volatile kept;

	(void)kept;

	kept = malloc(*(size_t *)bytes);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t bytes;

	if (argc != 3)
		return 2;
	bytes = strtoul(argv[2], NULL, 10);
	for (long left = atol(argv[1]); left > 0; left--) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, make, &bytes) != 0)
			return 1;
		pthread_join(thread, NULL);
	}
	return 0;
}

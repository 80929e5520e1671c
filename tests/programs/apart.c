/*
 * apart BLOCKS [NAMESPACE] - events with pauses between them: which blocks lived how
 * long?
 *
 * PAUSES times: a block freed at once, a burst of so many, a buffer that is made larger,
 * and a block that lives until the next time; then 50 ms of sleep. With a second argument
 * a child in a time namespace does so; status 77: that is not permitted.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSES 40
#define BURST_MAX 1000

static void *volatile escaped;

static __attribute__((noinline)) void freed_at_once(void)
{
	escaped = malloc(100);
	free(escaped);
}

static __attribute__((noinline)) void burst(int blocks)
{
	void *volatile block[BURST_MAX];

	for (int i = 0; i < blocks; i++)
		block[i] = malloc(48);
	for (int i = 0; i < blocks; i++)
		free(block[i]);
}

static __attribute__((noinline)) void *made_larger(void *buffer, size_t size)
{
	buffer = realloc(buffer, size);
	escaped = buffer;
	return buffer;
}

static __attribute__((noinline)) void *held_over_the_pause(void)
{
	return malloc(200);
}

static void work(int blocks)
{
	void *buffer = NULL;

	for (int i = 1; i <= PAUSES; i++) {
		void *volatile held = held_over_the_pause();

		usleep(50000);
		free(held);
		freed_at_once();
		burst(blocks < BURST_MAX ? blocks : BURST_MAX);
		buffer = made_larger(buffer, 100 * (size_t)i);
	}
	free(buffer);
}

/* Children get another time from now on. */
static bool shift_time(void)
{
	const char *offset = "monotonic 1000 0\n";
	bool shifted;
	int fd;

	if (unshare(CLONE_NEWTIME) != 0)
		return false;
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	shifted = fd >= 0 && write(fd, offset, strlen(offset)) == (ssize_t)strlen(offset);
	close(fd);
	return shifted;
}

int main(int argc, char **argv)
{
	int blocks = argc > 1 ? atoi(argv[1]) : 0;
	int status;

	if (argc <= 2) {
		work(blocks);
		return 0;
	}
	free(malloc(1)); /* the shim begins before the fork */
	if (!shift_time())
		return 77;
	if (fork() == 0) {
		work(blocks);
		return 0;
	}
	wait(&status);
	return WEXITSTATUS(status);
}

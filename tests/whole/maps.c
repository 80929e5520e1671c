/*
 * maps - a program that knows what each of its functions mapped
 *
 * Usage: maps      prints [objects, bytes, objects left, bytes left] by function
 * Every way in which a mapping begins, shrinks, moves and ends; threads that pass each
 * other addresses; a child; files and failures, which count for nothing.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define THREADS 4 /* with ROUNDS: fewer changes than the queue of the shim holds */
#define ROUNDS 3000

static _Noreturn void broken(const char *what)
{
	perror(what);
	_exit(99);
}

static char *need(void *at)
{
	if (at == MAP_FAILED)
		broken("maps");
	return at;
}

/* 10 pages, of which 1 to 3, 5 and 8 to 9 remain: one object of 6 pages */
static void cut_apart(void)
{
	char *at = need(mmap(NULL, 10 * PAGE - 100, PROT_READ, PRIVATE, -1, 0));

	munmap(at, 1);
	munmap(at + 4 * PAGE, PAGE);
	munmap(at + 6 * PAGE, 2 * PAGE);
}

/* 8 pages, of which map_over() takes the middle 2 and a file 1 more: 5 are left */
static char *to_be_mapped_over(void)
{
	return need(mmap64(NULL, 8 * PAGE, PROT_READ, PRIVATE, -1, 0));
}

static void map_over(char *at, int file)
{
	need(mmap(at + 3 * PAGE, 2 * PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0));
	need(mmap(at + 7 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0));
}

/* 4 pages, which resize() holds as 64 afterwards: none is left here */
static char *to_be_resized(void)
{
	return need(mmap(NULL, 4 * PAGE, PROT_READ, PRIVATE, -1, 0));
}

/* 4 to 64 pages, to 2, back to 16: three objects, one left */
static void resize(char *at)
{
	at = need(mremap(at, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE));
	at = need(mremap(at, 64 * PAGE, 2 * PAGE, 0));
	need(mremap(at, 2 * PAGE, 16 * PAGE, MREMAP_MAYMOVE));
}

static void come_to_nothing(int file)
{
	char *mapped = need(mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, file, 0));

	need(mremap(mapped, 3 * PAGE, 9 * PAGE, MREMAP_MAYMOVE));
	if (mmap(NULL, 0, PROT_READ, PRIVATE, -1, 0) != MAP_FAILED ||
	    munmap((void *)1, PAGE) == 0 ||
	    mremap(mapped + PAGE / 2, PAGE, PAGE, 0) != MAP_FAILED ||
	    mmap(NULL, (size_t)1 << 60, PROT_READ, PRIVATE, -1, 0) != MAP_FAILED)
		broken("what cannot be");
}

static void *slots[16];
static unsigned never_unmapped;

/* Maps, and unmaps what another thread mapped: the kernel gives it back at once. Every
 * eighth stays: an unmapping that is taken for a later one would take it away. */
static void trade(unsigned turn)
{
	char *mine = need(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, PRIVATE, -1, 0));
	char *other;

	if (turn / 16 % 8 == 0) {
		__atomic_fetch_add(&never_unmapped, 1, __ATOMIC_RELAXED);
		return;
	}
	other = __atomic_exchange_n(&slots[turn % 16], mine, __ATOMIC_ACQ_REL);
	if (other == NULL)
		return;
	munmap(other + PAGE, PAGE);
	munmap(other, PAGE);
	munmap(other + 2 * PAGE, PAGE);
}

static void *trade_on(void *seed)
{
	unsigned turn = (unsigned)(uintptr_t)seed;

	for (int i = 0; i < ROUNDS; i++) {
		turn = turn * 1103515245 + 12345;
		trade(turn >> 8);
	}
	return NULL;
}

static unsigned with_threads(void)
{
	pthread_t thread[THREADS];
	unsigned left;

	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, trade_on, (void *)(i + 1)) != 0)
			broken("pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	left = never_unmapped;
	for (int i = 0; i < 16; i++)
		left += slots[i] != NULL;
	return left;
}

/* An allocator asks the kernel for so much; glibc's does not come through any hook. */
static void from_the_heap(void)
{
	static void *volatile kept;

	for (int i = 0; i < 20; i++)
		kept = malloc(40ul << 20);
	(void)kept;
}

static void in_child(void)
{
	need(mmap(NULL, 7 * PAGE, PROT_READ, PRIVATE, -1, 0));
	free(malloc(100));
}

static void make_child(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		/* what it unmaps of its parent's is nothing to it */
		munmap(slots[0], 3 * PAGE);
		in_child();
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		broken("the child");
}

static void print(const char *name, unsigned objects, unsigned pages, unsigned left,
		  unsigned pages_left, const char *end)
{
	printf("\"%s\":[%u,%lu,%u,%lu]%s", name, objects, pages * PAGE, left,
	       pages_left * PAGE, end);
}

int main(void)
{
	int file = open("/proc/self/exe", O_RDONLY);
	unsigned left;

	cut_apart();
	map_over(to_be_mapped_over(), file);
	resize(to_be_resized());
	come_to_nothing(file);
	left = with_threads();
	make_child();
	from_the_heap();
	printf("{");
	print("cut_apart", 1, 10, 1, 6, ",");
	print("to_be_mapped_over", 1, 8, 1, 5, ",");
	print("map_over", 1, 2, 1, 2, ",");
	print("to_be_resized", 1, 4, 0, 0, ",");
	print("resize", 3, 64 + 2 + 16, 1, 16, ",");
	print("trade", THREADS * ROUNDS, 3 * THREADS * ROUNDS, left, 3 * left, "}\n");
	return 0;
}

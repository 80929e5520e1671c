/*
 * jit - code made at run time that calls malloc, named in a perf map
 *
 * The code keeps no unwind information, so it is the outermost frame that is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *volatile keep;

static void allocate(void)
{
	keep = malloc(4242);
}

int main(void)
{
	/* sub $8,%rsp; call *%rdi; add $8,%rsp; ret */
	static const unsigned char code[] = { 0x48, 0x83, 0xec, 0x08, 0xff, 0xd7,
					      0x48, 0x83, 0xc4, 0x08, 0xc3 };
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[64];
	FILE *map;

	if (at == MAP_FAILED)
		return 77;
	memcpy(at, code, sizeof(code));
	snprintf(name, sizeof(name), "/tmp/perf-%d.map", (int)getpid());
	map = fopen(name, "w");
	if (!map)
		return 77;
	fprintf(map, "%lx %zx JS:hot loop.js:12\n", (unsigned long)at, sizeof(code));
	fclose(map);
	((void (*)(void (*)(void)))at)(allocate);
	puts(name);
	return 0;
}

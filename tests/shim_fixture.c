#include "shim_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <heapring/segment.h>

#include "preload/process/process.h"
#include "preload/segment/segment_writer.h"
#include "preload/unwind/rows.h"
#include "preload/unwind/tree.h"

static char dir[] = "/tmp/heapring-test-XXXXXX";
static pid_t owner;

static void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static void clean(void)
{
	char path[600];
	struct dirent *entry;
	DIR *d;

	if (owner != getpid() || (d = opendir(dir)) == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		unlink(path);
	}
	closedir(d);
	rmdir(dir);
}

const char *fixture_dir(void)
{
	if (owner != 0)
		return dir;
	need(mkdtemp(dir) != NULL, "mkdtemp");
	owner = getpid();
	atexit(clean);
	return dir;
}

void fixture_segment(uint64_t budget)
{
	need(segment_create(fixture_dir(), budget) == 0, "segment_create");
	need(tree_init(0), "tree_init");
}

void fixture_process(void)
{
	setenv("HEAPRING_DIR", fixture_dir(), 1);
	need(process_ready(), "process_ready");
}

unsigned fixture_pages(unsigned type, uint32_t wanted)
{
	const struct heapring_page *map = segment_at(1);
	unsigned n = 0;

	for (uint32_t i = 0; i < segment.header->pages_used; i++)
		n += map[i].type == type &&
		     (wanted == UINT32_MAX || map[i].owner == wanted);
	return n;
}

uint32_t fixture_dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	need(pid > 0 && waitpid(pid, NULL, 0) == pid, "fork");
	return (uint32_t)pid;
}

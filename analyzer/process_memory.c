#include "analyzer/process_memory.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"
#define NO_LIMIT (1ull << 62) /* version 1 writes a huge number for none */

/* The names of one version of cgroups. */
struct version {
	const char *mount, *use, *limit;
};

static uint64_t read_number(const char *folder, const char *name)
{
	char path[PATH_MAX * 2];
	uint64_t number = 0;
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	stream = fopen(path, "re");
	if (!stream)
		return 0;
	if (fscanf(stream, "%" SCNu64, &number) != 1) /* "max" */
		number = 0;
	fclose(stream);
	return number < NO_LIMIT ? number : 0;
}

static void read_groups(const struct version *version, char *group,
			struct process_memory *ret_memory)
{
	char folder[PATH_MAX];
	char *slash;

	for (;;) {
		uint64_t limit, use;

		snprintf(folder, sizeof(folder), "%s%s", version->mount, group);
		limit = read_number(folder, version->limit);
		use = read_number(folder, version->use);
		if (limit > 0 &&
		    (ret_memory->cgroup_limit == 0 || limit < ret_memory->cgroup_limit)) {
			ret_memory->cgroup_limit = limit;
			ret_memory->cgroup_use = use;
		} else if (ret_memory->cgroup_use == 0) {
			ret_memory->cgroup_use = use;
		}
		slash = strrchr(group, '/');
		if (!slash)
			return;
		*slash = '\0';
	}
}

/* "0::/path" is version 2, "4:memory:/path" version 1. */
static void read_cgroup(uint32_t pid, struct process_memory *ret_memory)
{
	static const struct version two = { CGROUPS, "memory.current", "memory.max" };
	static const struct version one = { CGROUPS "/memory", "memory.usage_in_bytes",
					    "memory.limit_in_bytes" };
	char path[64], line[PATH_MAX + 256];
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cgroup", pid);
	stream = fopen(path, "re");
	if (!stream)
		return;
	while (fgets(line, sizeof(line), stream)) {
		char *group = strstr(line, ":/");

		line[strcspn(line, "\n")] = '\0';
		if (!group || strstr(group, "/.."))
			continue;
		if (strncmp(line, "0::", 3) == 0)
			read_groups(&two, group + 1, ret_memory);
		else if (strstr(line, ":memory:"))
			read_groups(&one, group + 1, ret_memory);
	}
	fclose(stream);
}

void process_memory_read(uint32_t pid, struct process_memory *ret_memory)
{
	char path[64];
	uint64_t size, pages = 0;
	FILE *stream;

	memset(ret_memory, 0, sizeof(*ret_memory));
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/statm", pid);
	stream = fopen(path, "re");
	if (stream) {
		if (fscanf(stream, "%" SCNu64 " %" SCNu64, &size, &pages) != 2)
			pages = 0;
		fclose(stream);
	}
	ret_memory->resident = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	read_cgroup(pid, ret_memory);
}

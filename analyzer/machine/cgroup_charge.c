#include "analyzer/machine/cgroup_charge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MOUNT "/sys/fs/cgroup"
#define NO_LIMIT (1ull << 62) /* version 1 writes a huge number for none */

/* Where each version keeps a figure; NULL: memory.stat's names below. */
struct version {
	unsigned number;
	const char *mount, *use, *limit, *kernel;
	const char *anonymous, *file, *shared; /* in memory.stat */
};

static const struct version versions[] = {
	{ 2, MOUNT, "memory.current", "memory.max", NULL, "anon", "file", "shmem" },
	{ 1, MOUNT "/memory", "memory.usage_in_bytes", "memory.limit_in_bytes",
	  "memory.kmem.usage_in_bytes", "total_rss", "total_cache", "total_shmem" },
};

static FILE *open_in(const char *folder, const char *name)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return fopen(path, "re");
}

static uint64_t read_number(const char *folder, const char *name)
{
	FILE *stream = open_in(folder, name);
	uint64_t number = 0;

	if (!stream)
		return 0;
	if (fscanf(stream, "%" SCNu64, &number) != 1)
		number = 0;
	fclose(stream);
	return number < NO_LIMIT ? number : 0;
}

static void read_stat(const struct version *version, struct cgroup_charge *charge)
{
	FILE *stream = open_in(charge->path, "memory.stat");
	uint64_t value, file = 0;
	char name[64];

	if (!stream)
		return;
	while (fscanf(stream, "%63s %" SCNu64, name, &value) == 2) {
		if (strcmp(name, version->anonymous) == 0)
			charge->anonymous = value;
		else if (strcmp(name, version->file) == 0)
			file = value;
		else if (strcmp(name, version->shared) == 0)
			charge->shared = value;
		else if (version->number == 2 && strcmp(name, "kernel") == 0)
			charge->kernel = value;
	}
	fclose(stream);
	charge->cache = file > charge->shared ? file - charge->shared : 0;
	if (version->kernel)
		charge->kernel = read_number(charge->path, version->kernel);
}

static uint32_t count_processes(const char *folder)
{
	FILE *stream = open_in(folder, "cgroup.procs");
	uint32_t count = 0;
	int pid;

	if (!stream)
		return 0;
	while (fscanf(stream, "%d", &pid) == 1)
		count++;
	fclose(stream);
	return count;
}

/* Up from the process's group to one that shows its use. */
static bool find_folder(const struct version *version, char *group,
			struct cgroup_charge *charge)
{
	for (;;) {
		char *slash;

		snprintf(charge->path, sizeof(charge->path), "%s%.2000s", version->mount,
			 strcmp(group, "/") == 0 ? "" : group);
		charge->use = read_number(charge->path, version->use);
		if (charge->use > 0)
			return true;
		slash = strrchr(group, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
}

/* "0::/path" is version 2, "4:memory:/path" version 1. */
static bool find_group(uint32_t pid, const struct version *version,
		       struct cgroup_charge *charge)
{
	char path[64], line[PATH_MAX + 256];
	bool found = false;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cgroup", pid);
	stream = fopen(path, "re");
	if (!stream)
		return false;
	while (!found && fgets(line, sizeof(line), stream)) {
		char *group = strstr(line, ":/");

		line[strcspn(line, "\n")] = '\0';
		if (group && !strstr(group, "/..") &&
		    (version->number == 2 ? strncmp(line, "0::", 3) == 0
					  : strstr(line, ":memory:") != NULL))
			found = find_folder(version, group + 1, charge);
	}
	fclose(stream);
	return found;
}

int cgroup_charge_read(uint32_t pid, struct cgroup_charge *ret_charge)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct cgroup_charge *charge = ret_charge;

		memset(charge, 0, sizeof(*charge));
		if (!find_group(pid, &versions[i], charge))
			continue;
		charge->version = versions[i].number;
		charge->limit = read_number(charge->path, versions[i].limit);
		charge->processes = count_processes(charge->path);
		read_stat(&versions[i], charge);
		charge->rest = (int64_t)(charge->use - charge->anonymous - charge->cache -
					 charge->shared - charge->kernel);
		return 0;
	}
	return -ENOENT;
}

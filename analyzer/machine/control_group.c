/*
 * control_group - the memory group that a process would be killed by
 *
 * In a container /proc/PID/cgroup may name a path of the host that is not there; the
 * walk up ends at the mount's root, which is then the container's own group.
 */
#include "analyzer/machine/control_group.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CGROUPS "/sys/fs/cgroup"
#define NO_LIMIT (1ull << 62) /* version 1 writes a huge number for none */

/* The names of one version of cgroups. */
struct version {
	const char *mount, *use, *limit;
	const char *high; /* NULL: there is none */
	const char *kills_file, *kills, *reclaimable;
};

static const struct version two = { .mount = CGROUPS,
				    .use = "memory.current",
				    .limit = "memory.max",
				    .high = "memory.high",
				    .kills_file = "memory.events",
				    .kills = "oom_kill %" SCNu64,
				    .reclaimable = "inactive_file %" SCNu64 };
static const struct version one = { .mount = CGROUPS "/memory",
				    .use = "memory.usage_in_bytes",
				    .limit = "memory.limit_in_bytes",
				    .kills_file = "memory.oom_control",
				    .kills = "oom_kill %" SCNu64,
				    .reclaimable = "total_inactive_file %" SCNu64 };

/* The first line of a group's file that the format fits. */
static bool read_line(const char *folder, const char *name, const char *format,
		      uint64_t *ret)
{
	char path[PATH_MAX + 64], line[256];
	bool found = false;
	FILE *from;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	from = fopen(path, "re");
	while (from && !found && fgets(line, sizeof(line), from))
		found = sscanf(line, format, ret) == 1; /* "max" is no number */
	if (from)
		fclose(from);
	return found;
}

static void take_group(const struct version *version, const char *folder,
		       const char *name, struct control_group *group)
{
	uint64_t limit = 0, use;

	if (!read_line(folder, version->use, "%" SCNu64, &use))
		return;
	if (!read_line(folder, version->limit, "%" SCNu64, &limit) || limit >= NO_LIMIT)
		limit = 0;
	if (group->has_use && (limit == 0 || (group->limit && limit >= group->limit)))
		return;
	group->has_use = true;
	group->use = use;
	group->limit = limit;
	group->is_old = version == &one;
	snprintf(group->name, sizeof(group->name), "%s", *name ? name : "/");
	snprintf(group->folder, sizeof(group->folder), "%s", folder);
}

/* What is read once, of the group that was chosen. */
static void read_details(const struct version *version, struct control_group *group)
{
	char path[PATH_MAX + 64];

	if (!read_line(group->folder, "memory.stat", version->reclaimable,
		       &group->reclaimable))
		group->reclaimable = 0;
	group->has_kills = read_line(group->folder, version->kills_file, version->kills,
				     &group->kills);
	if (!version->high ||
	    !read_line(group->folder, version->high, "%" SCNu64, &group->high))
		group->high = 0;
	if (group->high == 0 || !read_line(group->folder, version->kills_file,
					   "high %" SCNu64, &group->held_back))
		group->held_back = 0;
	snprintf(path, sizeof(path), "%s/memory.pressure", group->folder);
	group->has_pressure = memory_pressure_read(path, &group->pressure);
}

/* The group and all above it; name: "/a/b", changed. */
static void walk_up(const struct version *version, char *name,
		    struct control_group *group)
{
	char folder[PATH_MAX];
	char *slash;

	if (strcmp(name, "/") == 0)
		*name = '\0';
	for (;;) {
		snprintf(folder, sizeof(folder), "%s%s", version->mount, name);
		take_group(version, folder, name, group);
		slash = strrchr(name, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	if (group->has_use)
		read_details(version, group);
}

/* "0::/path" is version 2, "4:memory:/path" version 1. */
void control_group_read(uint32_t pid, struct control_group *ret_group)
{
	char path[64], line[PATH_MAX];
	FILE *from;

	memset(ret_group, 0, sizeof(*ret_group));
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cgroup", pid);
	from = fopen(path, "re");
	while (from && !ret_group->has_use && fgets(line, sizeof(line), from)) {
		char *name = strstr(line, ":/");

		line[strcspn(line, "\n")] = '\0';
		if (!name || strstr(name, "/.."))
			continue;
		if (strncmp(line, "0::", 3) == 0)
			walk_up(&two, name + 1, ret_group);
		else if (strstr(line, ":memory:"))
			walk_up(&one, name + 1, ret_group);
	}
	if (from)
		fclose(from);
}

void control_group_refresh(struct control_group *group)
{
	const struct version *version = group->is_old ? &one : &two;

	if (!group->has_use)
		return;
	read_line(group->folder, version->use, "%" SCNu64, &group->use);
	read_details(version, group);
}

uint64_t control_group_used(const struct control_group *group)
{
	return group->use > group->reclaimable ? group->use - group->reclaimable : 0;
}

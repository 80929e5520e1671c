#include "analyzer/machine/process_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/machine/control_group.h"

uint64_t process_resident(uint32_t pid)
{
	uint64_t size, pages = 0;
	char path[64];
	FILE *from;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/statm", pid);
	from = fopen(path, "re");
	if (!from)
		return 0;
	if (fscanf(from, "%" SCNu64 " %" SCNu64, &size, &pages) != 2)
		pages = 0;
	fclose(from);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void process_memory_read(uint32_t pid, struct process_memory *ret_memory)
{
	struct control_group group;

	control_group_read(pid, &group);
	ret_memory->resident = process_resident(pid);
	ret_memory->cgroup_use = group.use;
	ret_memory->cgroup_limit = group.limit;
}

#include "analyzer/machine/private_memory.h"

#include <stdlib.h>

#include "analyzer/machine/live_blocks.h"

struct heapring_private *private_memory_read(uint32_t pid, uint64_t at)
{
	struct heapring_private *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	if (!at || live_blocks_read(pid, at, list, sizeof(*list)) != sizeof(*list))
		list->used = 0;
	if (list->used > HR_PRIVATE_MAX)
		list->used = HR_PRIVATE_MAX;
	for (uint32_t i = 0; i < list->used; i++)
		if (list->of[i].at >= UINT64_MAX - list->of[i].bytes)
			list->of[i].bytes = 0;
	return list;
}

#include "analyzer/segment/trim_request.h"

#include <sys/mman.h>

#include <heapring/live_memory.h>

#include "analyzer/machine/memory_map.h"
#include "analyzer/segment/request.h"

const char *trim_request_name(const struct heapring_header *header)
{
	static const char *const names[] = {
		[HR_TRIM_NONE] = NULL,
		[HR_TRIM_GLIBC] = "malloc_trim(0)",
		[HR_TRIM_TCMALLOC] = "MallocExtension_ReleaseFreeMemory()",
		[HR_TRIM_JEMALLOC] = "mallctl(\"arena.4096.purge\")",
		[HR_TRIM_MIMALLOC] = "mi_collect(true)",
	};

	return header->trim_offer < sizeof(names) / sizeof(names[0])
		       ? names[header->trim_offer]
		       : NULL;
}

static int resident(uint32_t pid, uint64_t *ret_bytes, struct fault *fault)
{
	struct memory_map map;
	int r = memory_map_read(pid, &map, fault);

	*ret_bytes = 0;
	for (size_t i = 0; r == 0 && i < map.count; i++)
		*ret_bytes += map.areas[i].resident;
	if (r == 0)
		memory_map_done(&map);
	return r;
}

static int send(const struct target *target, void *ret_answer, struct fault *fault)
{
	struct trim_result *result = ret_answer;
	const struct request request = {
		.how = trim_request_name(&target->header),
		.purpose = "gives free pages back",
		.wanted = offsetof(struct heapring_header, wanted_trim),
		.done = offsetof(struct heapring_header, trim_done),
	};
	struct heapring_header *header;
	int r = resident(target->header.pid, &result->before, fault);

	result->how = request.how;
	if (r == 0)
		r = request_make(target, &request, &header, fault);
	if (r < 0)
		return r;
	result->ns = header->trim_ns;
	munmap(header, HR_PAGE);
	if (result->ns == UINT64_MAX)
		return request_refused(target, fault);
	return resident(target->header.pid, &result->after, fault);
}

int trim_request_send(const char *name, struct trim_result *ret_result,
		      struct fault *fault)
{
	return request_of(name, send, ret_result, fault);
}

#include "analyzer/trim_request.h"

#include <errno.h>
#include <sys/mman.h>

#include <heapring/live_memory.h>

#include "analyzer/header_map.h"
#include "analyzer/memory_map.h"
#include "analyzer/request.h"

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

int trim_request_send(const struct target *target, unsigned wait_ms,
		      struct trim_result *ret_result, struct fault *fault)
{
	struct heapring_header *header = NULL;
	int r = resident(target->header.pid, &ret_result->before, fault);

	ret_result->how = trim_request_name(&target->header);
	if (r == 0 && !ret_result->how)
		r = fault_set(fault, FAULT_TARGET, -ENOTSUP,
			      "%s has no function that gives free pages back, or none "
			      "that is known here",
			      *target->header.allocator ? target->header.allocator
							: "its allocator");
	if (r == 0)
		r = header_map(target, &header, fault);
	if (r < 0)
		return r;
	r = request_wait(header, &header->trim_done,
			 request_send(header, &header->wanted_trim), wait_ms, fault);
	ret_result->ns = header->trim_ns;
	munmap(header, HR_PAGE);
	if (r == 0 && ret_result->ns == UINT64_MAX)
		r = fault_set(fault, FAULT_TARGET, -ENOTSUP,
			      "pid %u is in a sandbox, where a system call that it does "
			      "not make itself might kill it",
			      target->header.pid);
	return r < 0 ? r : resident(target->header.pid, &ret_result->after, fault);
}

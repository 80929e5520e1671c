#include "analyzer/trim_request.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include <heapring/live_memory.h>

#include "analyzer/header_map.h"
#include "analyzer/memory_map.h"

#define POLL_MS 5u

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

/* Another wanted_seq makes threads look; the mode that they find is the one they have. */
static uint32_t ask(struct heapring_header *header)
{
	uint32_t wanted;

	if (__atomic_load_n(&header->wanted_seq, __ATOMIC_RELAXED) == 0) {
		__atomic_store_n(&header->wanted_mode, header->mode, __ATOMIC_RELAXED);
		__atomic_store_n(&header->wanted_rate, header->rate, __ATOMIC_RELAXED);
	}
	wanted = __atomic_add_fetch(&header->wanted_trim, 1, __ATOMIC_RELAXED);
	/* M1: whoever sees the new number sees the fields above */
	__atomic_add_fetch(&header->wanted_seq, 1, __ATOMIC_RELEASE);
	return wanted;
}

static int wait_for(const struct heapring_header *header, uint32_t wanted,
		    unsigned wait_ms, struct fault *fault)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000l };

	for (unsigned ms = 0; ms < wait_ms; ms += POLL_MS) {
		/* T1: the answer's fields are there */
		if (__atomic_load_n(&header->trim_done, __ATOMIC_ACQUIRE) == wanted)
			return 0;
		nanosleep(&pause, NULL);
	}
	return fault_set(fault, FAULT_TARGET, -ETIMEDOUT,
			 "pid %u has not answered within %u ms: no thread of it "
			 "allocates; it will give pages back when one does",
			 header->pid, wait_ms);
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
	r = wait_for(header, ask(header), wait_ms, fault);
	ret_result->ns = header->trim_ns;
	munmap(header, HR_PAGE);
	if (r == 0 && ret_result->ns == UINT64_MAX)
		r = fault_set(fault, FAULT_TARGET, -ENOTSUP,
			      "pid %u is in a sandbox, where a system call that it does "
			      "not make itself might kill it",
			      target->header.pid);
	return r < 0 ? r : resident(target->header.pid, &ret_result->after, fault);
}

#include "analyzer/segment/request.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include "analyzer/segment/header_map.h"

#define POLL_MS 5u
#define WAIT_MS 5000u

/* Another wanted_seq makes threads look; the mode that they find is the one they have. */
static uint32_t send_number(struct heapring_header *header, uint32_t *wanted)
{
	uint32_t number;

	if (__atomic_load_n(&header->wanted_seq, __ATOMIC_RELAXED) == 0) {
		__atomic_store_n(&header->wanted_mode, header->mode, __ATOMIC_RELAXED);
		__atomic_store_n(&header->wanted_rate, header->rate, __ATOMIC_RELAXED);
	}
	number = __atomic_add_fetch(wanted, 1, __ATOMIC_RELAXED);
	/* M1: whoever sees the new number sees the fields above */
	__atomic_add_fetch(&header->wanted_seq, 1, __ATOMIC_RELEASE);
	return number;
}

static int wait_for(const struct heapring_header *header, const uint32_t *done,
		    uint32_t number, struct fault *fault)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000l };

	for (unsigned ms = 0; ms < WAIT_MS; ms += POLL_MS) {
		/* T1: the answer's fields are there */
		if (__atomic_load_n(done, __ATOMIC_ACQUIRE) == number)
			return 0;
		nanosleep(&pause, NULL);
	}
	return fault_set(fault, FAULT_TARGET, -ETIMEDOUT,
			 "pid %u has not answered within %u ms: no thread of it "
			 "allocates; it will when one does",
			 header->pid, WAIT_MS);
}

static uint32_t *field(struct heapring_header *header, size_t offset)
{
	return (uint32_t *)((char *)header + offset);
}

int request_make(const struct target *target, const struct request *request,
		 struct heapring_header **ret_header, struct fault *fault)
{
	struct heapring_header *header = NULL;
	int r = 0;

	if (!request->how)
		r = fault_set(fault, FAULT_TARGET, -ENOTSUP,
			      "%s has no function that %s, or none that is known here",
			      *target->header.allocator ? target->header.allocator
							: "its allocator",
			      request->purpose);
	if (r == 0)
		r = header_map(target, &header, fault);
	if (r < 0)
		return r;
	r = wait_for(header, field(header, request->done),
		     send_number(header, field(header, request->wanted)), fault);
	if (r < 0)
		munmap(header, HR_PAGE);
	else
		*ret_header = header;
	return r;
}

int request_of(const char *name, request_fn *ask, void *ret_answer, struct fault *fault)
{
	struct target target;
	int r = target_open(name, &target, fault);

	if (r < 0)
		return r;
	r = ask(&target, ret_answer, fault);
	target_close(&target);
	return r;
}

int request_refused(const struct target *target, struct fault *fault)
{
	return fault_set(fault, FAULT_TARGET, -ENOTSUP,
			 "pid %u is in a sandbox, where a system call that it does not "
			 "make itself might kill it",
			 target->header.pid);
}

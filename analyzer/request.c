#include "analyzer/request.h"

#include <errno.h>
#include <time.h>

#define POLL_MS 5u

/* Another wanted_seq makes threads look; the mode that they find is the one they have. */
uint32_t request_send(struct heapring_header *header, uint32_t *wanted)
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

int request_wait(const struct heapring_header *header, const uint32_t *done,
		 uint32_t number, unsigned wait_ms, struct fault *fault)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000l };

	for (unsigned ms = 0; ms < wait_ms; ms += POLL_MS) {
		/* T1: the answer's fields are there */
		if (__atomic_load_n(done, __ATOMIC_ACQUIRE) == number)
			return 0;
		nanosleep(&pause, NULL);
	}
	return fault_set(fault, FAULT_TARGET, -ETIMEDOUT,
			 "pid %u has not answered within %u ms: no thread of it "
			 "allocates; it will when one does",
			 header->pid, wait_ms);
}

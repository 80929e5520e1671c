/*
 * mode_request - asks a running program to count otherwise
 *
 * The program follows at its next allocation or so; one that allocates nothing
 * never follows, hence the limit on waiting.
 */
#include "analyzer/segment/mode_request.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "analyzer/console/units.h"
#include "analyzer/segment/header_map.h"

#define POLL_MS 5u
#define RATE_MAX (1ull << 40) /* the shim ignores greater ones */

bool mode_request_parse(const char *text, struct mode_request *ret_request)
{
	struct mode_request request = { HR_MODE_EXACT, 1 };

	if (strcmp(text, "off") == 0)
		request = (struct mode_request){ HR_MODE_DORMANT, MODE_RATE_DEFAULT };
	else if (strcmp(text, "exact") != 0 && !units_parse_bytes(text, &request.rate))
		return false;
	if (request.rate == 0 || request.rate > RATE_MAX)
		return false;
	if (request.mode == HR_MODE_EXACT && request.rate > 1)
		request.mode = HR_MODE_SAMPLED;
	*ret_request = request;
	return true;
}

static bool has_followed(const struct heapring_header *header,
			 const struct mode_request *request)
{
	return __atomic_load_n(&header->mode, __ATOMIC_RELAXED) == request->mode &&
	       (request->mode != HR_MODE_SAMPLED ||
		__atomic_load_n(&header->rate, __ATOMIC_RELAXED) == request->rate);
}

int mode_request_send(const struct target *target, const struct mode_request *request,
		      unsigned wait_ms, struct heapring_header *ret_header,
		      struct fault *fault)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000l };
	struct heapring_header *header = NULL;
	int r;

	r = header_map(target, &header, fault);
	if (r < 0)
		return r;
	__atomic_store_n(&header->wanted_mode, request->mode, __ATOMIC_RELAXED);
	__atomic_store_n(&header->wanted_rate, request->rate, __ATOMIC_RELAXED);
	/* M1: whoever sees the new number sees the two fields above */
	__atomic_add_fetch(&header->wanted_seq, 1, __ATOMIC_RELEASE);
	for (unsigned ms = 0; ms < wait_ms && !has_followed(header, request);
	     ms += POLL_MS)
		nanosleep(&pause, NULL);
	r = has_followed(header, request);
	memcpy(ret_header, header, sizeof(*ret_header));
	munmap(header, HR_PAGE);
	return r;
}

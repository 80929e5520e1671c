/*
 * run_family - the segments that one `heapring run` left behind
 *
 * Segments are listed by pid and age; those that began before the run are left
 * out, so a pid that was used before does not matter. Descent is a fixed point
 * over ppid: a round adds every process whose parent is in already.
 */
#include "analyzer/launch/run_family.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/profile/report.h"
#include "analyzer/segment/segment_map.h"

struct candidate {
	struct segment_name name;
	struct run_child child;
	uint32_t ppid;
	bool in;
};

static struct candidate describe(const struct segment_name *name,
				 const struct heapring_header *header)
{
	struct candidate candidate = { .name = *name, .ppid = header->ppid };
	char text[HR_EXE];

	report_name(header, text, sizeof(text));
	snprintf(candidate.child.name, sizeof(candidate.child.name), "%.*s",
		 (int)RUN_CHILD_NAME - 1, text);
	candidate.child.pid = name->pid;
	candidate.child.peak = header->peak_bytes > 0 ? (uint64_t)header->peak_bytes : 0;
	return candidate;
}

/* Newest image of each pid that began during the run. */
static size_t keep_newest(const struct segment_name *names, size_t count, uint64_t since,
			  struct candidate *candidates)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct heapring_header header;
		struct fault ignored;
		int fd;

		if (names[i].start_unix_ns < since ||
		    (i + 1 < count && names[i + 1].pid == names[i].pid))
			continue;
		fd = segment_dir_open(names[i].path, &ignored);
		if (fd < 0)
			continue;
		if (segment_map_header(fd, names[i].path, &header, &ignored) == 0)
			candidates[kept++] = describe(&names[i], &header);
		close(fd);
	}
	return kept;
}

static bool is_in(const struct candidate *candidates, size_t count, uint32_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (candidates[i].in && candidates[i].name.pid == pid)
			return true;
	return false;
}

static void mark_family(struct candidate *candidates, size_t count, uint32_t root)
{
	bool more = true;

	for (size_t i = 0; i < count; i++)
		candidates[i].in =
			candidates[i].name.pid == root || candidates[i].ppid == root;
	while (more) {
		more = false;
		for (size_t i = 0; i < count; i++) {
			if (candidates[i].in ||
			    !is_in(candidates, count, candidates[i].ppid))
				continue;
			candidates[i].in = true;
			more = true;
		}
	}
}

static void collect(struct run_family *family, const struct candidate *candidates,
		    size_t count, uint32_t root)
{
	for (size_t i = 0; i < count; i++) {
		if (!candidates[i].in || candidates[i].name.pid != root)
			continue;
		family->members[family->count++] = candidates[i].name;
		family->has_program = true;
	}
	for (size_t i = 0; i < count; i++) {
		const struct run_child *child = &candidates[i].child;

		if (!candidates[i].in || child->pid == root)
			continue;
		family->members[family->count++] = candidates[i].name;
		if (family->largest.pid == 0 || child->peak > family->largest.peak)
			family->largest = *child;
	}
}

int run_family_find(const char *dir, const struct launch_result *result,
		    struct run_family *ret_family, struct fault *fault)
{
	struct run_family family = { 0 };
	struct candidate *candidates;
	struct segment_name *names;
	size_t count;
	int r = segment_dir_list(dir, &names, &count, fault);

	if (r < 0)
		return r;
	candidates = calloc(count + 1, sizeof(*candidates));
	family.members = calloc(count + 1, sizeof(*family.members));
	if (candidates && family.members) {
		count = keep_newest(names, count, result->start_unix_ns, candidates);
		mark_family(candidates, count, (uint32_t)result->pid);
		collect(&family, candidates, count, (uint32_t)result->pid);
		*ret_family = family;
	} else {
		free(family.members);
		r = fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory");
	}
	free(candidates);
	free(names);
	return r;
}

void run_family_done(struct run_family *family)
{
	free(family->members);
	family->members = NULL;
	family->count = 0;
}

static void put(int fd, size_t offset, const void *value, size_t bytes)
{
	ssize_t written = pwrite(fd, value, bytes, (off_t)offset);

	(void)written; /* the summary still tells; only `ps` will not know */
}

/* The process is gone, so nobody else writes here any more. */
void run_family_mark(const struct segment_name *segment,
		     const struct launch_result *result, uint64_t resident)
{
	struct heapring_header header;
	struct fault ignored;
	int32_t code = result->code;
	uint32_t state = result->by_signal ? HR_STATE_SIGNALED : HR_STATE_EXITED;
	uint64_t end = result->start_unix_ns + result->elapsed_ns;
	int fd = open(segment->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return;
	if (segment_map_header(fd, segment->path, &header, &ignored) == 0 &&
	    header.state == HR_STATE_RUNNING) {
		put(fd,
		    result->by_signal ? offsetof(struct heapring_header, exit_signal)
				      : offsetof(struct heapring_header, exit_code),
		    &code, sizeof(code));
		if (result->by_signal && resident > 0)
			put(fd, offsetof(struct heapring_header, resident_bytes),
			    &resident, sizeof(resident));
		put(fd, offsetof(struct heapring_header, end_unix_ns), &end, sizeof(end));
		put(fd, offsetof(struct heapring_header, state), &state, sizeof(state));
	}
	close(fd);
}

/*
 * serve_threads - the threads of a process, and what each has allocated
 *
 * A thread is asked of the kernel; what it allocated, of the segment's slot that it
 * owns. Threads that ended are one line for each slot they left behind.
 */
#include "analyzer/serve/serve.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/report.h"

static void read_line(const char *path, char *line, size_t room)
{
	FILE *stream = fopen(path, "re");

	*line = '\0';
	if (!stream)
		return;
	if (!fgets(line, (int)room, stream))
		*line = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(stream);
}

static const struct heapring_thread *slot_of(const struct segment *segment, uint32_t tid)
{
	for (uint32_t i = 0; i < segment->threads_count; i++)
		if (segment->threads[i].used && segment->threads[i].tid == tid)
			return &segment->threads[i];
	return NULL;
}

static void put_thread(const struct segment *segment, uint32_t pid, const char *tid,
		       FILE *to)
{
	const struct heapring_thread *slot =
		slot_of(segment, (uint32_t)strtoul(tid, NULL, 10));
	char path[128], name[64], status[512];
	const char *after;

	snprintf(path, sizeof(path), "/proc/%u/task/%.16s/comm", pid, tid);
	read_line(path, name, sizeof(name));
	snprintf(path, sizeof(path), "/proc/%u/task/%.16s/stat", pid, tid);
	read_line(path, status, sizeof(status));
	after = strrchr(status, ')');
	fprintf(to, "%8s  %-15s  %c  %s\n", tid, name,
		after && after[1] && after[2] ? after[2] : '?',
		slot ? "allocates" : "never allocated");
}

static unsigned put_threads(const struct segment *segment, FILE *to)
{
	uint32_t pid = segment->header.pid;
	struct dirent *entry;
	unsigned count = 0;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name))
			continue;
		put_thread(segment, pid, entry->d_name, to);
		count++;
	}
	if (tasks)
		closedir(tasks);
	return count;
}

static struct units_text blocks(uint64_t count)
{
	return units_signed_counted((int64_t)count, "block");
}

/* What threads of each name allocated. */
static void put_shares(const struct profile *profile, FILE *to)
{
	const struct segment *segment = profile->segment;

	for (uint32_t thread = 1; thread <= segment->threads_count; thread++) {
		uint64_t sum[PROFILE_SAMPLES] = { 0 }, any = 0;

		for (size_t i = 0; i < profile->stacks_count; i++)
			for (int s = 0;
			     profile->stacks[i].thread == thread && s < PROFILE_SAMPLES;
			     s++)
				any |= sum[s] += profile->stacks[i].value[s];
		if (any)
			fprintf(to, "%-15s  in use %s in %s, allocated %s in %s\n",
				profile_thread_name(profile, thread),
				units_bytes(sum[PROFILE_INUSE_SPACE]).text,
				blocks(sum[PROFILE_INUSE_OBJECTS]).text,
				units_bytes(sum[PROFILE_ALLOC_SPACE]).text,
				blocks(sum[PROFILE_ALLOC_OBJECTS]).text);
	}
}

void serve_threads(void *arg, struct http_request *request)
{
	const struct profile_wants wants = { .by_thread = true };
	struct served_process process;
	struct profile *profile = NULL;
	struct serve_text text;
	struct target target;
	struct fault fault;
	int r;

	if (!serve_pick(arg, request, &process))
		return;
	r = target_open(process.path, &target, &fault);
	if (r == 0) {
		r = profile_load_with(&target, &wants, &profile, &fault);
		target_close(&target);
	}
	if (r < 0) {
		serve_fault(request, &fault);
		return;
	}
	serve_text_begin(&text);
	if (text.stream) {
		report_heading(profile, text.stream);
		if (process.life == SEGMENT_LIVE &&
		    put_threads(profile->segment, text.stream) > 0)
			putc('\n', text.stream);
		put_shares(profile, text.stream);
	}
	profile_free(profile);
	serve_text_answer(&text, request, serve_type_text);
}

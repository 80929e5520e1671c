#include "analyzer/resident/thread_stacks.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyzer/machine/process_words.h"

#define PAGE 4096u
#define RECORD_ALIGN 64u /* of a thread's own record */
#define RECORD_MAX 8192u /* it and the thread's variables after it are below that */
#define LOOK_MAX                                                                         \
	(8u << 20) /* how far above the stack pointer the record is looked for           \
		    */
#define GUARD_MAX (1u << 20)
#define SIZES 32u
#define ATTEMPTS 3u

struct search {
	const struct memory_map *map;
	struct address_space *space;
	struct process_words words;
	uint64_t sizes[SIZES]; /* of stacks that live, guards included */
	size_t sizes_count;
	struct thread_stacks found;
};

/* The stack pointer of a sleeping thread; 0: it runs, ended, or may not be asked. */
static uint64_t stack_pointer(uint32_t pid, const char *tid)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	char path[64], line[256];
	uint64_t sp = 0;

	snprintf(path, sizeof(path), "/proc/%u/task/%.20s/syscall", pid, tid);
	for (unsigned i = 0; sp == 0 && i < ATTEMPTS; i++) {
		FILE *stream = fopen(path, "re");
		char *last;

		if (!stream)
			return 0;
		if (fgets(line, sizeof(line), stream) && *line != 'r' &&
		    (last = strrchr(line, ' ')) != NULL) {
			*last = '\0';
			last = strrchr(line, ' ');
			sp = last ? strtoull(last, NULL, 16) : 0;
		}
		fclose(stream);
		if (sp == 0)
			nanosleep(&pause, NULL);
	}
	return sp;
}

static bool is_record(struct search *search, uint64_t at)
{
	return process_word(&search->words, at) == at &&
	       process_word(&search->words, at + 16) == at;
}

/* The page end behind the record that lies in [from, to), 0: none. */
static uint64_t record_end(struct search *search, uint64_t from, uint64_t to)
{
	uint64_t at = (from + RECORD_ALIGN - 1) & ~(uint64_t)(RECORD_ALIGN - 1);

	for (; at + 24 <= to; at += RECORD_ALIGN)
		if (is_record(search, at))
			return (at + PAGE) & ~(uint64_t)(PAGE - 1);
	return 0;
}

/* The guard below, when there is one. */
static uint64_t guard_bytes(const struct search *search, const struct memory_area *area)
{
	const struct memory_area *below = area - 1;

	if (area == search->map->areas || below->to != area->from || below->is_readable ||
	    below->is_writable || below->is_file || below->to - below->from > GUARD_MAX)
		return 0;
	return below->to - below->from;
}

static void remember_size(struct search *search, uint64_t bytes)
{
	for (size_t i = 0; i < search->sizes_count; i++)
		if (search->sizes[i] == bytes)
			return;
	if (search->sizes_count < SIZES)
		search->sizes[search->sizes_count++] = bytes;
}

static int claim_alive(struct search *search, uint64_t sp)
{
	const struct memory_area *area = memory_map_at(search->map, sp);
	struct space_span *span = address_space_at(search->space, sp);
	uint64_t end;

	search->found.threads++;
	if (!area || !span)
		return 0;
	if (span->kind == SPACE_STACK || !area->is_writable)
		search->found.alive += span->kind == SPACE_STACK;
	if (span->kind != SPACE_UNKNOWN || !area->is_writable)
		return 0;
	end = record_end(search, sp, area->to - sp > LOOK_MAX ? sp + LOOK_MAX : area->to);
	if (end == 0 || end > area->to)
		end = area->to;
	search->found.alive++;
	remember_size(search, end - area->from + guard_bytes(search, area));
	return address_space_claim(search->space, area->from, end, SPACE_STACK, 0);
}

static int claim_living(uint32_t pid, struct search *search)
{
	char path[64];
	struct dirent *entry;
	DIR *tasks;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return 0;
	while (r == 0 && (entry = readdir(tasks)) != NULL)
		if (*entry->d_name != '.')
			r = claim_alive(search, stack_pointer(pid, entry->d_name));
	closedir(tasks);
	return r;
}

/* One of the known sizes, with a record at its upper end? */
static int claim_kept(struct search *search, const struct memory_area *area)
{
	uint64_t guard = guard_bytes(search, area);

	for (size_t i = 0; guard > 0 && i < search->sizes_count; i++) {
		uint64_t bytes = search->sizes[i];
		uint64_t end = area->from - guard + bytes;

		if (bytes <= guard + RECORD_MAX || end > area->to ||
		    record_end(search, end - RECORD_MAX, end) == 0)
			continue;
		search->found.kept++;
		return address_space_claim(search->space, area->from, end, SPACE_STACK,
					   0);
	}
	return 0;
}

int thread_stacks_claim(uint32_t pid, const struct memory_map *map,
			struct address_space *space, struct thread_stacks *ret_stacks)
{
	struct search *search = calloc(1, sizeof(*search));
	int r;

	memset(ret_stacks, 0, sizeof(*ret_stacks));
	if (!search)
		return -ENOMEM;
	search->map = map;
	search->space = space;
	search->words.pid = pid;
	r = claim_living(pid, search);
	for (size_t i = 0; r == 0 && i < map->count; i++) {
		const struct memory_area *area = &map->areas[i];
		struct space_span *span = address_space_at(space, area->from);

		if (area->is_writable && area->resident > 0 && span &&
		    span->kind == SPACE_UNKNOWN)
			r = claim_kept(search, area);
	}
	*ret_stacks = search->found;
	free(search);
	return r;
}

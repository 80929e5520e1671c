/*
 * keep - one pass over the directory, at most VICTIMS_MAX removals
 *
 * A directory with fewer than `count` segments is left after one getdents, so
 * a short process pays a few microseconds. Otherwise every segment whose
 * process is gone is ranked by how it ended and when it began, and the lowest
 * are unlinked until three quarters of the limit are left, so that the next
 * processes find room.
 */
#include "preload/life/keep.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <heapring/segment.h>

#include "arch.h"
#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"

#define VICTIMS_MAX 512u

struct victim {
	uint64_t rank; /* lowest goes first */
	uint64_t bytes;
	uint32_t pid;
	uint64_t start;
};

/* As getdents64 writes it. */
struct kernel_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

struct survey {
	const char *dir;
	uint32_t segments;
	uint64_t bytes;
	uint32_t victims;
	struct victim *victim;
};

static const char *number(const char *at, uint64_t *ret)
{
	*ret = 0;
	if (*at < '0' || *at > '9')
		return NULL;
	for (; *at >= '0' && *at <= '9'; at++)
		*ret = *ret * 10 + (uint64_t)(*at - '0');
	return at;
}

/* heapring.<pid>.<start>, and nothing behind it. */
static bool parse_name(const char *name, struct victim *v)
{
	uint64_t pid;

	if (strncmp(name, HEAPRING_PREFIX, strlen(HEAPRING_PREFIX)) != 0)
		return false;
	name = number(name + strlen(HEAPRING_PREFIX), &pid);
	if (name == NULL || *name != '.' || pid > UINT32_MAX)
		return false;
	v->pid = (uint32_t)pid;
	name = number(name + 1, &v->start);
	return name != NULL && *name == '\0';
}

static void path_of(const struct survey *s, const struct victim *v, char *path,
		    size_t bytes)
{
	struct text text = text_into(path, bytes);

	text_str(&text, s->dir);
	text_str(&text, "/" HEAPRING_PREFIX);
	text_u64(&text, v->pid);
	text_char(&text, '.');
	text_u64(&text, v->start);
}

/* How it ended decides first, then its age. */
static uint64_t kind_of(uint32_t state)
{
	switch (state) {
	case HR_STATE_EXITED:
		return 0;
	case HR_STATE_EXECED:
		return 1;
	default:
		return 2; /* killed */
	}
}

static void inspect(const struct survey *s, struct victim *v)
{
	/* the first part of a header only: the stack may be a small one */
	char front[offsetof(struct heapring_header, rate)];
	uint32_t pages, state;
	char path[512];
	uint64_t kind = 0;
	int fd;

	path_of(s, v, path, sizeof path);
	fd = os_open(path, true);
	if (fd >= 0) {
		if (os_read(fd, front, sizeof front) == (ssize_t)sizeof front) {
			memcpy(&pages,
			       front + offsetof(struct heapring_header, pages_used),
			       sizeof pages);
			memcpy(&state, front + offsetof(struct heapring_header, state),
			       sizeof state);
			v->bytes = (uint64_t)pages * HR_PAGE;
			kind = kind_of(state);
		}
		os_close(fd);
	}
	v->rank = kind << 62 | v->start >> 2;
}

static void survey_entry(struct survey *s, const char *name, bool inspecting)
{
	struct victim v = { 0 };

	if (!parse_name(name, &v))
		return;
	s->segments++;
	if (!inspecting || s->victims == VICTIMS_MAX || !os_process_dead(v.pid))
		return;
	inspect(s, &v);
	s->bytes += v.bytes;
	s->victim[s->victims++] = v;
}

static void survey(struct survey *s, bool inspecting)
{
	_Alignas(8) char buf[1024];
	int fd = os_open_dir(s->dir);
	ssize_t got;

	s->segments = 0;
	if (fd < 0)
		return;
	while ((got = os_read_dir(fd, buf, sizeof buf)) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct kernel_entry *entry = (const void *)(buf + at);

			survey_entry(s, entry->name, inspecting);
			at += entry->bytes;
		}
	}
	os_close(fd);
}

static void sort(struct victim *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct victim held = v[i];
		uint32_t at = i;

		for (; at > 0 && v[at - 1].rank > held.rank; at--)
			v[at] = v[at - 1];
		v[at] = held;
	}
}

static void remove_lowest(struct survey *s, uint32_t count, uint64_t bytes)
{
	char path[512];
	uint32_t left = s->victims;

	sort(s->victim, s->victims);
	for (uint32_t i = 0; i < s->victims; i++) {
		if (left <= count && s->bytes <= bytes)
			return;
		path_of(s, &s->victim[i], path, sizeof path);
		os_unlink(path);
		s->bytes -= s->victim[i].bytes;
		left--;
	}
}

void keep_prune(const char *dir, uint32_t count, uint64_t bytes)
{
	size_t room = VICTIMS_MAX * sizeof(struct victim);
	struct survey s = { .dir = dir };

	survey(&s, false);
	/* bytes are looked at when there are enough segments to reach the limit */
	if (s.segments <= count && (uint64_t)s.segments * (1u << 20) <= bytes)
		return;
	s.victim = os_reserve(room, false);
	if (s.victim == NULL)
		return;
	survey(&s, true);
	if (s.victims > count || s.bytes > bytes)
		remove_lowest(&s, count - count / 4, bytes - bytes / 4);
	os_release(s.victim, room);
}

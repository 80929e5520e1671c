/*
 * replaced - the image that this process was before exec
 *
 * One pass over the directory; only names with this process's pid are opened, of which
 * there is none but after an exec. The folder may be everybody's: what is opened is
 * no link, does not block, and is written to with a call that cannot fault.
 */
#include "preload/life/replaced.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"

struct front {
	uint64_t magic;
	uint64_t start_unix_ns, start_ticks;
	uint32_t pid, uid, state;
};

/* Only the fields: a whole header is much for a small stack. */
static bool read_field(int fd, size_t offset, void *to, size_t bytes)
{
	return os_read_at(fd, to, bytes, offset) == (ssize_t)bytes;
}

#define READ(fd, front, field)                                                           \
	read_field(fd, offsetof(struct heapring_header, field), &(front)->field,         \
		   sizeof(front)->field)

static bool is_earlier_image(int fd, const struct heapring_header *own)
{
	struct front front;

	return READ(fd, &front, magic) && READ(fd, &front, start_unix_ns) &&
	       READ(fd, &front, start_ticks) && READ(fd, &front, pid) &&
	       READ(fd, &front, uid) && READ(fd, &front, state) &&
	       front.magic == HEAPRING_MAGIC && front.pid == own->pid &&
	       front.uid == own->uid && front.start_ticks == own->start_ticks &&
	       front.start_unix_ns < own->start_unix_ns &&
	       front.state == HR_STATE_RUNNING;
}

static void mark(const char *dir, const char *name, const struct heapring_header *own)
{
	const uint32_t state = HR_STATE_EXECED;
	char path[512];
	struct text text = text_into(path, sizeof path);
	int fd;

	text_str(&text, dir);
	text_str(&text, "/");
	text_str(&text, name);
	if (text.cut)
		return;
	fd = os_open(path, true);
	if (fd < 0)
		return;
	if (is_earlier_image(fd, own)) {
		os_write_at(fd, &own->start_unix_ns, sizeof own->start_unix_ns,
			    offsetof(struct heapring_header, end_unix_ns));
		os_write_at(fd, &state, sizeof state,
			    offsetof(struct heapring_header, state));
	}
	os_close(fd);
}

void replaced_mark(const char *dir, const struct heapring_header *own)
{
	_Alignas(8) char buf[1024];
	char prefix[40];
	struct text text = text_into(prefix, sizeof prefix);
	int fd = os_open_dir(dir);
	ssize_t got;

	text_str(&text, HEAPRING_PREFIX);
	text_u64(&text, own->pid);
	text_char(&text, '.');
	while (fd >= 0 && (got = os_read_dir(fd, buf, sizeof buf)) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *entry = (const void *)(buf + at);

			if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
				mark(dir, entry->d_name, own);
			at += entry->d_reclen;
		}
	}
	if (fd >= 0)
		os_close(fd);
}

#include "preload/life/resident.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "preload/platform/os_linux.h"
#include "preload/platform/reserved.h"

#define RESERVATION (1ull << 38) /* a mapping this large is address space, not heap */
#define LINE 96u                 /* a longer line's rest tells nothing */
#define CHUNK 4096u
#define FIELDS_TO_PATH 5u

struct reading {
	bool counts; /* the mapping whose lines are being read is of the heap */
	uint64_t bytes;
};

static const char *digits(const char *at, unsigned base, uint64_t *ret)
{
	for (*ret = 0;; at++) {
		unsigned digit = *at >= '0' && *at <= '9'   ? (unsigned)(*at - '0')
				 : *at >= 'a' && *at <= 'f' ? (unsigned)(*at - 'a' + 10)
							    : 16;

		if (digit >= base)
			return at;
		*ret = *ret * base + digit;
	}
}

static const char *next_field(const char *at)
{
	while (*at != '\0' && *at != ' ')
		at++;
	while (*at == ' ')
		at++;
	return at;
}

/* "7f..-7f.. rw-p offset device inode   path" */
static bool is_heap(const char *line)
{
	struct reserved_range own;
	uint64_t from, to, inode;
	const char *at = digits(line, 16, &from);

	if (*at != '-')
		return false;
	at = digits(at + 1, 16, &to);
	for (unsigned i = 1; i < FIELDS_TO_PATH; i++)
		at = next_field(at);
	at = next_field(digits(at, 10, &inode));
	return inode == 0 && to - from < RESERVATION &&
	       (*at != '[' || strncmp(at, "[heap", 5) == 0 ||
		strncmp(at, "[anon", 5) == 0) &&
	       !reserved_within(from, to, &own);
}

/* "Rss:     12 kB" belongs to the mapping above it. */
static void take_line(struct reading *reading, const char *line)
{
	uint64_t kilobytes;

	if (strncmp(line, "Rss:", 4) == 0) {
		digits(next_field(line), 10, &kilobytes);
		reading->bytes += reading->counts ? kilobytes << 10 : 0;
	} else if ((line[0] >= '0' && line[0] <= '9') ||
		   (line[0] >= 'a' && line[0] <= 'f')) {
		reading->counts = is_heap(line);
	}
}

uint64_t resident_heap(void)
{
	static char chunk[CHUNK], line[LINE]; /* once, and stacks may be small */
	struct reading reading = { .bytes = 0 };
	int fd = os_open("/proc/self/smaps", false);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return 0;
	while ((got = os_read(fd, chunk, sizeof chunk)) > 0)
		for (ssize_t i = 0; i < got; i++) {
			if (chunk[i] != '\n') {
				line[length] = chunk[i];
				length += length + 1 < sizeof line;
				continue;
			}
			line[length] = '\0';
			take_line(&reading, line);
			length = 0;
		}
	os_close(fd);
	return reading.bytes;
}

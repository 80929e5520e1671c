#include "preload/identity.h"

#include <string.h>
#include <unistd.h>

#include "preload/live_table.h"
#include "preload/next.h"
#include "preload/os_linux.h"
#include "preload/segment_writer.h"
#include "preload/text.h"

#define ENVIRONMENT_BYTES 65536u

/* Reads a whole small file; returns its length, 0 when it cannot be read. */
static size_t read_file(const char *path, char *buf, size_t bytes)
{
	int fd = os_open(path, false);
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return 0;
	while (len < bytes && (got = os_read(fd, buf + len, bytes - len)) > 0)
		len += (size_t)got;
	os_close(fd);
	return len;
}

static const char *value_of(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=' ? entry + len + 1
								   : NULL;
}

static const char *kernel_getenv(const char *name)
{
	static char copy[ENVIRONMENT_BYTES];
	static size_t len;
	const char *found;

	if (len == 0)
		len = read_file("/proc/self/environ", copy, sizeof copy - 1);
	for (const char *at = copy; at < copy + len; at += strlen(at) + 1)
		if ((found = value_of(at, name)) != NULL)
			return found;
	return NULL;
}

const char *identity_getenv(const char *name)
{
	const char *found;

	if (environ == NULL) /* libc has not been initialised yet */
		return kernel_getenv(name);
	for (char **entry = environ; *entry != NULL; entry++)
		if ((found = value_of(*entry, name)) != NULL)
			return found;
	return NULL;
}

/* The array is replaced, not extended: the kernel's own has no room. */
void identity_mark(void)
{
	static char mark[] = IDENTITY_MARK "=1";
	char **marked;
	size_t n = 0;

	if (environ == NULL || identity_getenv(IDENTITY_MARK) != NULL)
		return;
	while (environ[n] != NULL)
		n++;
	marked = os_reserve((n + 2) * sizeof *marked, false);
	if (marked == NULL)
		return;
	memcpy(marked, environ, n * sizeof *marked);
	marked[n] = mark;
	environ = marked;
}

void identity_program(char *name, size_t bytes)
{
	char path[HR_EXE];
	struct text text = text_into(name, bytes);
	const char *slash;

	os_read_link("/proc/self/exe", path, sizeof path);
	slash = strrchr(path, '/');
	text_str(&text, slash == NULL ? path : slash + 1);
}

/* Field 22 of /proc/self/stat: after the name, which may hold spaces and ')'. */
static uint64_t start_ticks(void)
{
	char stat[1024];
	size_t len = read_file("/proc/self/stat", stat, sizeof stat - 1);
	const char *at;
	uint64_t ticks = 0;

	stat[len] = '\0';
	at = strrchr(stat, ')');
	for (int field = 2; at != NULL && field < 22; field++) {
		at = strchr(at, ' ');
		if (at != NULL)
			at++;
	}
	for (; at != NULL && *at >= '0' && *at <= '9'; at++)
		ticks = ticks * 10 + (uint64_t)(*at - '0');
	return ticks;
}

static void write_parent(struct heapring_header *h, const struct identity_parent *parent)
{
	h->inherited_site = parent->site_base;
	h->parent_pid = parent->pid;
	h->parent_start_unix_ns = parent->start_unix_ns;
	h->inherited_objects = parent->live_objects;
	h->inherited_bytes = parent->live_bytes;
}

void identity_write(struct heapring_header *h, const struct config *config,
		    const struct identity_parent *parent)
{
	struct text allocator = text_into(h->allocator, sizeof h->allocator);

	h->pid = os_pid();
	h->ppid = os_ppid();
	h->uid = os_uid();
	h->start_unix_ns = os_unix_ns();
	h->start_mono_ns = os_mono_ns();
	h->start_ticks = start_ticks();
	h->interval_ns = config->interval_ns;
	h->budget_bytes = config->budget;
	h->depth_max = config->depth;
	h->tick_hz = 100;
	h->mode = config->mode;
	h->rate = config->mode == HR_MODE_EXACT ? 1 : config->rate;
	h->module_gen = 1;
	h->live_table = (uint64_t)(uintptr_t)live_tables[0].flat;
	h->command_len =
		(uint32_t)read_file("/proc/self/cmdline", h->command, sizeof h->command);
	os_read_link("/proc/self/exe", h->exe, sizeof h->exe);
	text_str(&allocator, next_allocator());
	if (parent != NULL)
		write_parent(h, parent);
	__atomic_store_n(&h->magic, HEAPRING_MAGIC, __ATOMIC_RELEASE);
	__atomic_store_n(&h->state, HR_STATE_RUNNING, __ATOMIC_RELEASE);
}

/*
 * Sums the parent's counters and what it still holds of its own parent; only this
 * thread exists in the child.
 */
static void sum_live(uint64_t *ret_objects, uint64_t *ret_bytes)
{
	const struct heapring_header *h = segment.header;
	const struct heapring_page *map = (const void *)(segment.base + HR_PAGE);
	uint64_t objects = h->inherited_objects, bytes = h->inherited_bytes;

	for (uint32_t page = 0; page < h->pages_used && page < h->pages_max; page++) {
		const struct heapring_counter *c = segment_at(page);
		const struct heapring_thread *thread = segment_at(page);

		for (uint32_t i = 0;
		     map[page].type == HR_PAGE_THREADS && i < HR_THREADS_PER_PAGE; i++) {
			objects -= thread[i].inherited_frees;
			bytes -= thread[i].inherited_bytes;
		}
		if (map[page].type != HR_PAGE_COUNTERS)
			continue;
		for (uint32_t i = 0; i < HR_COUNTERS_PER_PAGE; i++) {
			objects += c[i].allocs - c[i].frees;
			bytes += c[i].alloc_bytes - c[i].free_bytes;
		}
	}
	*ret_objects = objects;
	*ret_bytes = bytes;
}

void identity_read_parent(struct identity_parent *parent)
{
	const struct heapring_header *h = segment.header;

	*parent = (struct identity_parent){
		.pid = h->pid,
		/* a multiple of HR_COUNTERS_PER_PAGE, as counters.h wants it */
		.site_base = (h->inherited_site + h->sites_used + HR_COUNTERS_PER_PAGE) /
			     HR_COUNTERS_PER_PAGE * HR_COUNTERS_PER_PAGE,
		.start_unix_ns = h->start_unix_ns,
	};
	sum_live(&parent->live_objects, &parent->live_bytes);
}

void identity_output(char *path, size_t bytes, const char *pattern)
{
	struct text text = text_into(path, bytes);
	char program[64];

	for (; *pattern != '\0'; pattern++) {
		if (pattern[0] == '%' && pattern[1] == 'p') {
			text_u64(&text, os_pid());
			pattern++;
		} else if (pattern[0] == '%' && pattern[1] == 'e') {
			identity_program(program, sizeof program);
			text_str(&text, program);
			pattern++;
		} else {
			text_char(&text, *pattern);
		}
	}
}

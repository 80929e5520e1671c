#include "preload/identity.h"

#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "preload/live_table.h"
#include "preload/mappings.h"
#include "preload/next.h"
#include "preload/os_linux.h"
#include "preload/process.h"
#include "preload/reserved.h"
#include "preload/segment_writer.h"
#include "preload/text.h"
#include "preload/figures.h"
#include "preload/trim.h"

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

void identity_exe(char *path, size_t bytes)
{
	const char *executed = (const char *)getauxval(AT_EXECFN);
	struct text text = text_into(path, bytes);

	if (process_sandboxed()) {
		text_str(&text, executed != NULL ? executed : "");
		return;
	}
	if (os_read_link("/proc/self/exe", path, bytes) > 0 || executed == NULL)
		return;
	if (*executed != '/' && os_getcwd(path, bytes / 2) > 0) {
		text.at += strlen(path);
		text_char(&text, '/');
	}
	text_str(&text, executed);
}

void identity_program(char *name, size_t bytes)
{
	char path[HR_EXE];
	struct text text = text_into(name, bytes);
	const char *slash;

	identity_exe(path, sizeof path);
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
	struct text preceding = text_into(h->preceding, sizeof h->preceding);

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
	h->mappings = mappings_on;
	h->live_table = (uint64_t)(uintptr_t)live_tables[0].flat;
	h->live_table_odd = (uint64_t)(uintptr_t)live_tables[1].flat;
	h->private_table = (uint64_t)(uintptr_t)&reserved_memory;
	h->ranges_table = (uint64_t)(uintptr_t)mappings_table();
	h->trim_offer = trim_offer();
	h->figures_offer = figures_offer();
	h->command_len =
		(uint32_t)read_file("/proc/self/cmdline", h->command, sizeof h->command);
	identity_exe(h->exe, sizeof h->exe);
	text_str(&allocator, next_allocator());
	text_str(&preceding, next_preceding());
	if (parent != NULL)
		write_parent(h, parent);
	__atomic_store_n(&h->magic, HEAPRING_MAGIC, __ATOMIC_RELEASE);
	__atomic_store_n(&h->state, HR_STATE_RUNNING, __ATOMIC_RELEASE);
}

struct live {
	uint64_t objects, bytes;
};

/* The parent's next page of a table, from *page on; NULL at the end. */
static const void *next_page(uint32_t *page, uint16_t type, uint32_t *ret_index)
{
	const struct heapring_header *h = segment.header;
	const struct heapring_page *map = (const void *)(segment.base + HR_PAGE);

	for (; *page < h->pages_used && *page < h->pages_max; (*page)++) {
		if (map[*page].type != type)
			continue;
		*ret_index = map[*page].index;
		return segment_at((*page)++);
	}
	return NULL;
}

/* Adds up the parent's counters of the sites [first, first + count). */
static struct live sum_counters(uint32_t first, uint32_t count)
{
	const struct heapring_counter *c;
	struct live live = { 0, 0 };
	uint32_t page = 0, index;

	while ((c = next_page(&page, HR_PAGE_COUNTERS, &index)) != NULL) {
		for (uint32_t i = 0; i < HR_COUNTERS_PER_PAGE; i++) {
			if (index * HR_COUNTERS_PER_PAGE + i - first >= count)
				continue;
			live.objects += c[i].allocs - c[i].frees;
			live.bytes += c[i].alloc_bytes - c[i].free_bytes;
		}
	}
	return live;
}

/* What the parent still holds of its own parent's blocks. */
static struct live sum_inherited(void)
{
	const struct heapring_header *h = segment.header;
	struct live live = { h->inherited_objects, h->inherited_bytes };
	const struct heapring_thread *thread;
	uint32_t page = 0, index;

	while ((thread = next_page(&page, HR_PAGE_THREADS, &index)) != NULL) {
		for (uint32_t i = 0; i < HR_THREADS_PER_PAGE; i++) {
			live.objects -= thread[i].inherited_frees;
			live.bytes -= thread[i].inherited_bytes;
		}
	}
	return live;
}

/* What the parent's heap held; only this thread exists in the child. */
static struct live sum_live(void)
{
	struct live live = sum_counters(0, HR_SITE_MAX), inherited = sum_inherited();
	const struct heapring_site *sites;
	uint32_t page = 0, index;

	live.objects += inherited.objects;
	live.bytes += inherited.bytes;
	if (!segment.header->mappings)
		return live;
	while ((sites = next_page(&page, HR_PAGE_SITES, &index)) != NULL) {
		for (uint32_t i = 0; i < HR_SITES_PER_PAGE; i++) {
			struct live mapped = { 0, 0 };

			if (sites[i].kind == HR_KIND_MAPPINGS)
				mapped = sum_counters(index * HR_SITES_PER_PAGE + i, 1);
			live.objects -= mapped.objects;
			live.bytes -= mapped.bytes;
		}
	}
	return live;
}

void identity_read_parent(struct identity_parent *parent)
{
	const struct heapring_header *h = segment.header;
	struct live live;

	*parent = (struct identity_parent){
		.pid = h->pid,
		/* a multiple of HR_COUNTERS_PER_PAGE, as counters.h wants it */
		.site_base = (h->inherited_site + h->sites_used + HR_COUNTERS_PER_PAGE) /
			     HR_COUNTERS_PER_PAGE * HR_COUNTERS_PER_PAGE,
		.start_unix_ns = h->start_unix_ns,
	};
	live = sum_live();
	parent->live_objects = live.objects;
	parent->live_bytes = live.bytes;
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

#include "preload/life/header.h"

#include <string.h>

#include "preload/allocator/figures.h"
#include "preload/allocator/live_table.h"
#include "preload/allocator/next.h"
#include "preload/allocator/trim.h"
#include "preload/platform/os_linux.h"
#include "preload/platform/reserved.h"
#include "preload/platform/text.h"
#include "preload/process/identity.h"
#include "preload/record/mappings.h"

/* Field 22 of /proc/self/stat: after the name, which may hold spaces and ')'. */
static uint64_t start_ticks(void)
{
	char stat[1024];
	size_t len = os_read_file("/proc/self/stat", stat, sizeof stat - 1);
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

static void write_inherited(struct heapring_header *h, const struct inherited *inherited)
{
	h->inherited_site = inherited->site_base;
	h->parent_pid = inherited->pid;
	h->parent_start_unix_ns = inherited->start_unix_ns;
	h->inherited_objects = inherited->live_objects;
	h->inherited_bytes = inherited->live_bytes;
}

void header_write(struct heapring_header *h, const struct config *config,
		  const struct inherited *inherited)
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
	h->command_len = (uint32_t)os_read_file("/proc/self/cmdline", h->command,
						sizeof h->command);
	identity_exe(h->exe, sizeof h->exe);
	text_str(&allocator, next_allocator());
	text_str(&preceding, next_preceding());
	if (inherited != NULL)
		write_inherited(h, inherited);
	__atomic_store_n(&h->magic, HEAPRING_MAGIC, __ATOMIC_RELEASE);
	__atomic_store_n(&h->state, HR_STATE_RUNNING, __ATOMIC_RELEASE);
}

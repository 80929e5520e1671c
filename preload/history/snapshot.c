/*
 * snapshot - the figures of all sites at levels of memory, kept in the segment
 *
 * Shape. After a sweep the values table (segment.h) holds what every site had, and until
 * the next sweep nobody writes it. So a snapshot is a copy of its pages, 4 KiB at a time,
 * between two sweeps: consistent without a lock, and some microseconds a step.
 *
 * States of a level: reached (look) -> its pass has begun -> its pass has ended, OPEN ->
 * all pages copied, TAKEN. Levels that are reached together go through it together, one
 * copy after the other; one that is reached meanwhile waits for the next pass.
 *
 * A thread that was stopped inside one copy of a page and given up (history.c) may finish
 * that page later; nothing else of it can.
 */
#include "preload/history/snapshot.h"

#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "preload/platform/limit.h"
#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"
#include "preload/process/process.h"
#include "preload/segment/marks.h"
#include "preload/segment/segment_writer.h"
#include "preload/unwind/tree.h"

#define MS 1000000ull
#define LOOK_MS 100u
#define PART_OF_BUDGET 32u

enum stage { STAGE_IDLE = 0, STAGE_REACHED, STAGE_PASS, STAGE_OPEN };

struct level {
	enum stage stage;
	bool is_above;
	uint64_t reached_ms, swept_ms, resident;
	uint32_t page; /* next one to copy */
};

uint64_t snapshot_look_ms = UINT64_MAX;

static uint64_t level_bytes[HR_SNAPSHOTS_MAX]; /* 0: cannot be reached */
static const struct config *config;
static void **copies; /* wiped on fork; page n of snapshot s at s * most_pages + n */

static struct {
	struct heapring_snapshot *records; /* NULL until the first level is reached */
	struct level level[HR_SNAPSHOTS_MAX];
	uint32_t most_pages; /* of one snapshot */
} state;

static uint32_t pages_for(uint64_t budget)
{
	return (uint32_t)(budget / HR_PAGE / PART_OF_BUDGET);
}

bool snapshot_reserve(const struct config *with)
{
	uint64_t limit = 0;

	config = with;
	if (config->levels_count == 0)
		return true;
	for (uint32_t i = 0; i < config->levels_count; i++) {
		const struct config_level *level = &config->levels[i];

		if (level->percent > 0 && limit == 0)
			limit = limit_read();
		level_bytes[i] =
			level->percent > 0 ? limit / 100 * level->percent : level->bytes;
	}
	copies = os_reserve(HR_SNAPSHOTS_MAX * (pages_for(config->budget) + 1ull) *
				    sizeof *copies,
			    true);
	return copies != NULL;
}

void snapshot_begin(bool has_history)
{
	memset(&state, 0, sizeof state);
	state.most_pages = pages_for((uint64_t)segment.header->pages_max * HR_PAGE);
	__atomic_store_n(&snapshot_look_ms,
			 has_history && config->levels_count > 0 ? 0 : UINT64_MAX,
			 __ATOMIC_RELAXED);
}

/* Bytes of this process in memory; 0: the kernel cannot be asked. */
static uint64_t resident(void)
{
	char text[128];
	const char *at;
	uint64_t pages = 0;
	ssize_t got;
	int fd;

	if (process_sandboxed())
		return 0;
	fd = os_open("/proc/self/statm", false);
	if (fd < 0)
		return 0;
	got = os_read_at(fd, text, sizeof text - 1, 0);
	os_close(fd);
	text[got > 0 ? got : 0] = '\0';
	at = strchr(text, ' '); /* the second number */
	for (at = at != NULL ? at + 1 : ""; *at >= '0' && *at <= '9'; at++)
		pages = pages * 10 + (uint64_t)(*at - '0');
	return pages * getauxval(AT_PAGESZ);
}

static uint64_t live_bytes(void)
{
	int64_t live = __atomic_load_n(&segment.header->live_bytes, __ATOMIC_RELAXED);

	return live > 0 ? (uint64_t)live : 0;
}

static bool make_records(void)
{
	if (state.records == NULL)
		state.records = segment_page_new(HR_PAGE_SNAPSHOTS, 0, 0);
	return state.records != NULL;
}

static bool reach(uint32_t i, uint64_t now_ms, uint64_t found)
{
	struct level *level = &state.level[i];

	level->is_above = true;
	marks_set(config->levels[i].name, now_ms * MS);
	/* the one before is still being taken, or there is no room */
	if (level->stage != STAGE_IDLE || !make_records())
		return false;
	level->stage = STAGE_REACHED;
	level->reached_ms = now_ms;
	level->resident = found;
	return true;
}

bool snapshot_look(uint64_t now_ms)
{
	uint64_t found = resident(), now = found > 0 ? found : live_bytes();
	bool wanted = false;

	__atomic_store_n(&snapshot_look_ms, now_ms + LOOK_MS, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < config->levels_count; i++) {
		struct level *level = &state.level[i];

		if (level_bytes[i] == 0)
			continue;
		if (now < level_bytes[i] - level_bytes[i] / 8)
			level->is_above = false;
		else if (now >= level_bytes[i] && !level->is_above)
			wanted |= reach(i, now_ms, found);
	}
	return wanted;
}

static bool any(enum stage stage)
{
	for (uint32_t i = 0; i < HR_SNAPSHOTS_MAX; i++)
		if (state.level[i].stage == stage)
			return true;
	return false;
}

bool snapshot_is_wanted(void)
{
	return any(STAGE_REACHED);
}

bool snapshot_is_open(void)
{
	return any(STAGE_OPEN);
}

void snapshot_pass_begins(void)
{
	for (uint32_t i = 0; i < HR_SNAPSHOTS_MAX; i++)
		if (state.level[i].stage == STAGE_REACHED)
			state.level[i].stage = STAGE_PASS;
}

void snapshot_pass_ends(uint64_t now_ms)
{
	for (uint32_t i = 0; i < HR_SNAPSHOTS_MAX; i++) {
		struct level *level = &state.level[i];

		if (level->stage != STAGE_PASS)
			continue;
		level->stage = STAGE_OPEN;
		level->page = 0;
		level->swept_ms = now_ms;
		__atomic_store_n(&state.records[i].state, HR_SNAPSHOT_OPEN,
				 __ATOMIC_RELEASE);
	}
}

static void *copy_of(uint32_t i, uint32_t page)
{
	void **copy = &copies[(size_t)i * state.most_pages + page];

	if (*copy == NULL)
		*copy = segment_page_new(HR_PAGE_SNAPSHOT, (uint16_t)i, page);
	return *copy;
}

static void finish(uint32_t i, uint32_t sites)
{
	struct heapring_snapshot *record = &state.records[i];
	struct level *level = &state.level[i];
	struct text name = text_into(record->name, sizeof record->name);

	text_str(&name, config->levels[i].name);
	record->sites = level->page * HR_VALUES_PER_PAGE < sites
				? level->page * HR_VALUES_PER_PAGE
				: sites;
	record->sites_left = sites - record->sites;
	record->mono_ns = level->reached_ms * MS;
	record->sweep_ns = (level->swept_ms - level->reached_ms) * MS;
	record->level = level_bytes[i];
	record->resident = level->resident;
	record->taken++;
	__atomic_store_n(&record->state, HR_SNAPSHOT_TAKEN, __ATOMIC_RELEASE);
	level->stage = STAGE_IDLE;
}

static void copy_page(uint32_t i, const void *const *values_pages)
{
	uint32_t sites = tree_sites(), page = state.level[i].page;
	uint32_t last = (sites + HR_VALUES_PER_PAGE - 1) / HR_VALUES_PER_PAGE;
	void *to = page < last && page < state.most_pages ? copy_of(i, page) : NULL;
	const void *from;

	if (to == NULL) {
		finish(i, sites);
		return;
	}
	from = values_pages[page];
	if (from == NULL)
		memset(to, 0, HR_PAGE); /* none of its sites ever changed */
	else
		memcpy(to, from, HR_PAGE);
	state.level[i].page++;
}

bool snapshot_copy(const void *const *values_pages)
{
	for (uint32_t i = 0; i < HR_SNAPSHOTS_MAX; i++) {
		if (state.level[i].stage != STAGE_OPEN)
			continue;
		copy_page(i, values_pages);
		return snapshot_is_open();
	}
	return false;
}

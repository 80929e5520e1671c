/*
 * life - one state word in memory that fork wipes
 *
 * `space->state` lives in a page that a new address space finds zeroed, so
 * "no segment yet" is the same fact at the first start and in every fork child,
 * whoever made it (fork, _Fork, clone). What is static survives a fork and
 * tells the two apart. A vfork child shares the page: it counts as its parent.
 *
 * Start happens at the first allocation, which may come before any constructor,
 * or in ours. environ may not be set then: the environment is read from the
 * kernel's copy.
 */
#include "preload/life/life.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "preload/allocator/figures.h"
#include "preload/allocator/live_table.h"
#include "preload/allocator/next.h"
#include "preload/allocator/trim.h"
#include "preload/count/peak.h"
#include "preload/count/thread.h"
#include "preload/history/history.h"
#include "preload/history/snapshot.h"
#include "preload/life/complain.h"
#include "preload/life/header.h"
#include "preload/life/inherited.h"
#include "preload/life/keep.h"
#include "preload/life/replaced.h"
#include "preload/life/resident.h"
#include "preload/platform/coarse_clock.h"
#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"
#include "preload/process/identity.h"
#include "preload/process/process.h"
#include "preload/recent/recent.h"
#include "preload/record/mappings.h"
#include "preload/segment/marks.h"
#include "preload/segment/segment_writer.h"
#include "preload/segment/starts.h"
#include "preload/segment/tags.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/rows.h"
#include "preload/unwind/tree.h"
#include "preload/unwind/verify.h"

#define UNPROFILED "this process runs unprofiled: "

enum space_state { SPACE_NEW = 0, SPACE_STARTING, SPACE_READY, SPACE_OFF };

struct space {
	uint32_t state;
	uint32_t finished;
};

static struct space *space; /* in wiped memory */
static bool reserved;       /* the private reservations exist */
static struct config *const config = &process_self.config;

static bool configure(void)
{
	char program[64];

	config_parse(config, identity_getenv);
	if (config->bad_name != NULL) {
		char shown[280], why[320];
		struct text value = text_into(shown, sizeof shown);
		struct text text = text_into(why, sizeof why);

		text_str(&value, "=");
		text_str(&value, config->bad_value);
		text_str(&text, shown);
		text_str(&text, value.cut ? "..." : "");
		text_str(&text, " does not parse; allowed: ");
		complain(UNPROFILED, config->bad_name, why, config->bad_allowed);
		return false;
	}
	if (getauxval(AT_SECURE) != 0)
		return false; /* set-uid: the loader should not even have loaded us */
	/* the mark was left by the image that is to be profiled alone */
	if ((config->follow & FOLLOW_EXEC) == 0 && identity_getenv(IDENTITY_MARK) != NULL)
		return false;
	identity_program(program, sizeof program);
	return config->only[0] == '\0' || config_match(config->only, program);
}

/*
 * What the shim may reserve for one kind of table. Where the flat shadow was refused
 * (RLIMIT_AS, or overcommit_memory=2, where every reservation counts) address space is
 * the program's: a sixteenth of it, or of a GiB when the limit is not told.
 */
static uint64_t space_for_tables(void)
{
	uint64_t limit = os_limit_space();

	if (live_tables[0].flat != NULL)
		return UINT64_MAX;
	return (limit < (1ull << 40) ? limit : 1ull << 30) / 16;
}

static bool reserve(void)
{
	if (reserved)
		return true;
#ifdef __GLIBC__
	live_small_born = strncmp(next_allocator(), "libc.so", 7) == 0;
#endif
	recent_init();
	coarse_clock_find();
	reserved = live_table_init(!live_small_born) && rows_init() &&
		   threads_init(space_for_tables()) && history_reserve(config->history) &&
		   snapshot_reserve(config) && tags_reserve();
	if (!reserved)
		complain(UNPROFILED
			 "no address space for its tables"
			 " (RLIMIT_AS or overcommit_memory=2); raise the limit");
	return reserved;
}

/* Makes the segment of this address space; inherited: NULL but in a fork child. */
static bool begin(const struct inherited *inherited)
{
	uint32_t site_base = inherited == NULL ? 0 : inherited->site_base;
	uint64_t budget = config->budget;
	int ret;

	if (!reserve())
		return false;
	if (space_for_tables() < budget)
		budget = space_for_tables();
	ret = segment_create(config->dir, budget);
	if (ret < 0) {
		complain(UNPROFILED "cannot create a segment in ", config->dir, ": ",
			 complain_error(ret));
		return false;
	}
	if (!tree_init(site_base)) {
		complain(UNPROFILED "no space for a segment in ", config->dir,
			 "; set HEAPRING_DIR");
		os_unlink(segment_path());
		segment_forget();
		return false;
	}
	if (config->mappings)
		mappings_init(); /* without space: the header says that there are none */
	header_write(segment.header, config, inherited);
	marks_begin();
	starts_begin();
	history_begin(config->history, config->interval_ns,
		      segment.header->start_mono_ns);
	snapshot_begin(segment.header->history_bytes > 0);
	/* in fork children too: a server makes one for each connection */
	keep_prune(config->dir, config->keep_count, config->keep_bytes);
	return true;
}

static bool begin_first(void)
{
	process_self.stack_limit = os_limit_stack();
	complain_begin();
	if (!configure())
		return false;
	trim_prepare();
	figures_prepare();
	if (!begin(NULL))
		return false;
	replaced_mark(config->dir, segment.header);
	next_guard();
	return true;
}

/* The parent's mapping is left; its tables were wiped; its blocks stay known. */
static bool begin_child(void)
{
	struct heapring_header *of_parent;
	struct inherited inherited;
	bool begun;

	if (segment.header == NULL || (config->follow & FOLLOW_FORK) == 0 ||
	    process_sandboxed())
		return false;
	inherited_read(&inherited);
	of_parent = segment_leave();
	modules_reset();
	peak_reset();
	threads_reset();
	coarse_clock_check();
	complain_once(&of_parent->unprofiled_children);
	begun = begin(&inherited);
	complain_once(NULL);
	os_release(of_parent, HR_PAGE);
	return begun;
}

static void start(bool child)
{
	if (!process_sandboxed() && (process_self.pid = os_pid()) != 0 &&
	    (child ? begin_child() : begin_first())) {
		__atomic_store_n(&space->state, SPACE_READY, __ATOMIC_RELEASE);
		return;
	}
	process_self.off = true;
	__atomic_store_n(&space->state, SPACE_OFF, __ATOMIC_RELEASE);
}

bool process_ready(void)
{
	static bool started; /* false only in the first address space */
	static uint32_t claimed;
	uint32_t none = SPACE_NEW;
	bool child;

	if (process_self.off)
		return false;
	if (space == NULL) {
		/* the first allocation of the process; one thread, but be sure */
		if (__atomic_exchange_n(&claimed, 1, __ATOMIC_ACQ_REL) != 0)
			return false;
		threads_begin();
		next_resolve();
		space = os_reserve(HR_PAGE, true);
		if (space == NULL) {
			process_self.off = true;
			return false;
		}
	}
	if (__atomic_load_n(&space->state, __ATOMIC_ACQUIRE) == SPACE_READY)
		return true;
	child = started;
	if (!__atomic_compare_exchange_n(&space->state, &none, SPACE_STARTING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return none == SPACE_READY;
	started = true;
	start(child);
	return __atomic_load_n(&space->state, __ATOMIC_ACQUIRE) == SPACE_READY;
}

void life_detach(void)
{
	segment_make_private();
	process_self.off = true;
	__atomic_store_n(&space->state, SPACE_OFF, __ATOMIC_RELEASE);
}

void life_finish(int exit_code)
{
	struct heapring_header *h = segment.header;
	char path[512];

	if (process_self.off || space == NULL || h == NULL || !process_owns_space() ||
	    __atomic_load_n(&space->state, __ATOMIC_ACQUIRE) != SPACE_READY ||
	    __atomic_exchange_n(&space->finished, 1, __ATOMIC_RELAXED) != 0)
		return;
	if (thread_self->gate >= GATE_EXACT)
		peak_flush(thread_self);
	h->exit_code = exit_code;
	h->end_unix_ns = os_unix_ns();
	if (!process_sandboxed() && h->live_bytes + HR_RESIDENT_WORTH <= h->peak_bytes)
		h->resident_bytes = resident_heap();
	__atomic_store_n(&h->state, HR_STATE_EXITED, __ATOMIC_RELEASE);
	if (process_sandboxed())
		return;
	if (config->output[0] != '\0') {
		int ret;

		identity_output(path, sizeof path, config->output);
		ret = segment_dump(path);
		if (ret < 0)
			complain("dump not written to ", path, ": ", complain_error(ret));
	}
	segment_trim();
	verify_finish();
}

/*
 * thread - slots, their owners, and the top of a thread's stack
 *
 * Slots are handed out in order while nobody seems dead, at most
 * HR_THREADS_MAX. Before a new slot is taken, some owners of old ones are
 * asked for with tgkill(pid, tid, 0), going round, so that twenty thousand
 * short threads end up with a handful of slots. A slot's claim is one
 * compare-and-swap of its owner's tid: the only race is between two threads
 * that want the same dead one, and one of them wins.
 *
 * Private memory. Slot i owns state i and directory i of two reservations, wiped
 * in a child. A state is reused with its slot: the caches in it are dropped.
 */
#include "preload/count/thread.h"

#include <errno.h>

#include <stddef.h>
#include <string.h>

#include "arch.h"
#include "preload/allocator/live_table.h"
#include "preload/count/counters.h"
#include "preload/count/mode.h"
#include "preload/count/peak.h"
#include "preload/platform/os_linux.h"
#include "preload/process/process.h"
#include "preload/segment/segment_writer.h"
#include "preload/segment/starts.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/tree.h"

#define SLOTS_MIN 8u /* where the address space is limited to 512 MiB or less */
/* More where many live: each round over the living ones costs a slot for every so many.
 */
#define PROBES(used) (16u + (used) / 32u)
#define STATE_BYTES ((sizeof(struct thread) + HR_PAGE - 1) / HR_PAGE * HR_PAGE)
#define DIRECTORY_BYTES (COUNTERS_DIRECTORY * sizeof(struct heapring_counter *))
#define RECORD_PAGES (HR_THREADS_MAX / HR_THREADS_PER_PAGE)

static struct thread closed; /* gate closed: what a thread points at before it attaches */
static struct thread off;    /* of a process that is not profiled */
static struct thread lost;   /* of a profiled one, but no slot */
_Thread_local struct thread *thread_self = &closed;
_Thread_local uintptr_t thread_began;

static char *states;      /* HR_THREADS_MAX * STATE_BYTES */
static char *directories; /* HR_THREADS_MAX * DIRECTORY_BYTES */
static uint32_t slots_max;
static struct heapring_thread *record_pages[RECORD_PAGES];
static uint32_t probe_next;

/* Not in their definitions: they would be as many bytes of the file. */
void threads_begin(void)
{
	off.gate = GATE_OFF;
	lost.gate = GATE_LOST;
}

bool threads_init(uint64_t most)
{
	uint64_t fit = most / (STATE_BYTES + DIRECTORY_BYTES);

	slots_max = fit < HR_THREADS_MAX ? (uint32_t)fit : HR_THREADS_MAX;
	if (slots_max < SLOTS_MIN)
		slots_max = SLOTS_MIN;
	for (; slots_max >= SLOTS_MIN; slots_max /= 2) {
		states = os_reserve(slots_max * STATE_BYTES, true);
		directories = os_reserve(slots_max * DIRECTORY_BYTES, true);
		if (states != NULL && directories != NULL)
			return true;
		if (states != NULL)
			os_release(states, slots_max * STATE_BYTES);
		if (directories != NULL)
			os_release(directories, slots_max * DIRECTORY_BYTES);
	}
	return false;
}

void threads_reset(void)
{
	memset(record_pages, 0, sizeof record_pages);
	probe_next = 0;
}

uint32_t threads_slots(void)
{
	uint32_t used = __atomic_load_n(&segment.header->threads_used, __ATOMIC_ACQUIRE);

	return used < slots_max ? used : slots_max;
}

const struct heapring_counter *threads_counters(uint32_t slot, uint32_t index)
{
	struct heapring_counter **directory =
		(struct heapring_counter **)(directories + slot * DIRECTORY_BYTES);

	/* acquire: the page is described before it is entered (segment_page_at(), W1) */
	return __atomic_load_n(&directory[index], __ATOMIC_ACQUIRE);
}

void thread_alloc_lost(const struct thread *t)
{
	if (t == &lost && segment.header != NULL)
		__atomic_fetch_add(&segment.header->dropped, 1, __ATOMIC_RELAXED);
}

static struct heapring_thread *record_at(uint32_t slot)
{
	struct heapring_thread *page = segment_table_page(
		(void **)record_pages, slot / HR_THREADS_PER_PAGE, HR_PAGE_THREADS);

	return page == NULL ? NULL : page + slot % HR_THREADS_PER_PAGE;
}

/*
 * The slots one after the other. No count modulo `used`: while every probe fails, a count
 * may grow in step with `used`, so that the remainder is the same for ever.
 */
static uint32_t next_probe(uint32_t used)
{
	uint32_t at = __atomic_load_n(&probe_next, __ATOMIC_RELAXED);

	at = at < used ? at : 0;
	__atomic_store_n(&probe_next, at + 1, __ATOMIC_RELAXED);
	return at;
}

/* A slot whose owner died, claimed for tid; HR_THREADS_MAX when none was found. */
static uint32_t slot_of_the_dead(uint32_t tid)
{
	uint32_t used = __atomic_load_n(&segment.header->threads_used, __ATOMIC_RELAXED);
	uint32_t pid = os_pid();

	for (uint32_t i = 0; i < PROBES(used) && i < used; i++) {
		uint32_t slot = next_probe(used);
		struct heapring_thread *record = record_at(slot);
		uint32_t owner;

		if (record == NULL ||
		    __atomic_load_n(&record->used, __ATOMIC_ACQUIRE) == 0)
			continue;
		owner = __atomic_load_n(&record->tid, __ATOMIC_RELAXED);
		if (owner == 0 || (owner != tid && !os_thread_dead(pid, owner)))
			continue;
		/* acquire: what the dead owner wrote last is ours to continue */
		if (__atomic_compare_exchange_n(&record->tid, &owner, tid, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return slot;
	}
	return HR_THREADS_MAX;
}

/* tid 0: nobody can tell whether it lives, so the slot is never another's. */
static uint32_t slot_take(uint32_t tid)
{
	uint32_t slot = tid == 0 ? HR_THREADS_MAX : slot_of_the_dead(tid);
	struct heapring_thread *record;

	if (slot != HR_THREADS_MAX)
		return slot;
	if (__atomic_load_n(&segment.header->threads_used, __ATOMIC_RELAXED) >= slots_max)
		return HR_THREADS_MAX;
	slot = __atomic_fetch_add(&segment.header->threads_used, 1, __ATOMIC_RELAXED);
	if (slot >= slots_max)
		return HR_THREADS_MAX;
	record = record_at(slot);
	if (record == NULL)
		return HR_THREADS_MAX;
	__atomic_store_n(&record->tid, tid, __ATOMIC_RELAXED);
	return slot;
}

/*
 * The stack that this thread was started on. The main thread's is known. Another
 * thread's descriptor, at which the thread pointer points, lies at the top of its stack,
 * whoever allocated that; how far down it goes walks will show, which know it by
 * thread_began: a coroutine's may lie right below, or above. pthread_getattr_np would
 * tell, but it holds a lock while it allocates (java: its realloc attached the thread,
 * which asked again).
 */
static void know_stack(struct stack *s)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	process_main_stack(&s->own_from, &s->hi);
	s->own_to = s->hi;
	if (sp >= s->own_from && sp < s->hi)
		return;
	s->hi = (uintptr_t)__builtin_thread_pointer();
	s->own_from = s->own_to = thread_began;
}

void thread_forget(struct thread *t)
{
	recent_forget(&t->recents);
	unwind_forget(&t->unwinder);
	t->generation = modules_generation();
}

/* A signal handler meanwhile passes through: it would remember what is being forgotten,
 * or leave a tag of its own where the next belongs. */
static void begin_change(struct thread *t)
{
	t->gate = GATE_BUSY;
	__asm__ volatile("" ::: "memory");
}

static void end_change(struct thread *t)
{
	__asm__ volatile("" ::: "memory");
	t->gate = t->resume;
}

void thread_forget_own(void)
{
	struct thread *t = thread_self;

	if (t->gate < GATE_EXACT)
		return;
	begin_change(t);
	thread_forget(t);
	end_change(t);
}

/* Stacks that are remembered hang under other tags; nodes by parent do not. */
static void follow_tags(struct thread *t, uint32_t tags)
{
	t->tags = tags;
	t->unwinder.tags = tags < UNWIND_TAGS ? tags : UNWIND_TAGS;
	t->unwinder.stack.frames = 0;
	recent_hang_under(&t->recents, unwind_tags_node(&t->unwinder));
}

void thread_tag_push(struct thread *t, uint32_t tag)
{
	begin_change(t);
	if (t->tags < UNWIND_TAGS)
		t->unwinder.tag[t->tags] = tag;
	follow_tags(t, t->tags + 1);
	end_change(t);
}

void thread_tag_pop(struct thread *t)
{
	begin_change(t);
	if (t->tags > 0)
		follow_tags(t, t->tags - 1);
	end_change(t);
}

const struct heapring_thread *threads_record(uint32_t slot)
{
	const struct heapring_thread *page = __atomic_load_n(
		&record_pages[slot / HR_THREADS_PER_PAGE], __ATOMIC_ACQUIRE);

	return page == NULL ? NULL : page + slot % HR_THREADS_PER_PAGE;
}

/* What an event needs that meets a busy gate, and so all of it before thread_self shows
 * here: the handler of a signal may allocate and free between any two instructions. */
static struct thread *state_of(uint32_t slot)
{
	struct thread *t = (struct thread *)(states + slot * STATE_BYTES);

	t->slot = slot;
	t->site_base = tree_site_base();
	t->record = record_at(slot);
	t->unwinder.steps = &t->record->steps;
	t->live_flat = live_tables[0].flat;
	t->directory = (struct heapring_counter **)(directories + slot * DIRECTORY_BYTES);
	return t;
}

static void state_init(struct thread *t, uint32_t tid)
{
	thread_forget(t);
	follow_tags(t, 0);
	t->now_ms = t->ticked_ms = os_coarse_ms() & LIVE_WORD;
	t->clock_stamp = 0;
	peak_flush(t); /* what the slot's last owner held back; new: nothing */

	t->random = os_mono_ns() ^ ((uint64_t)tid << 32) ^ (uintptr_t)t;
	t->record->owners++;
	t->record->start = starts_number_here();
	if (!process_sandboxed())
		os_thread_name(t->record->name);
	__atomic_store_n(&t->record->used, 1, __ATOMIC_RELEASE);
	know_stack(&t->unwinder.stack);
}

static void attach(void)
{
	struct thread *t;
	uint32_t tid, slot;

	if (!process_ready()) {
		thread_self = process_off() ? &off : &closed;
		return;
	}
	/* a vfork child attaches for the thread that made it, which lives on */
	tid = process_sandboxed() || !process_owns_space() ? 0 : os_tid();
	slot = slot_take(tid);
	if (slot == HR_THREADS_MAX) {
		thread_self = &lost;
		return;
	}
	t = state_of(slot);
	begin_change(t); /* what happens below may allocate */
	thread_self = t;
	state_init(t, tid);
	/* the first page, so that the overflow site has a counter */
	if (counters_at(t->directory, slot, t->site_base + HR_SITE_OVERFLOW) == NULL) {
		thread_self = &lost;
		return;
	}
	mode_begin(t);
	end_change(t);
}

void thread_attach(void)
{
	int saved = errno;

	attach();
	errno = saved;
}

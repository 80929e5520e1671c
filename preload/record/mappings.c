/*
 * mappings - changes go through a queue, and whoever is free applies them
 *
 * The ranges have one user at a time, but no thread may wait for another. So each
 * change is an entry of a bounded queue; after that a thread tries to become the one
 * who applies what is there, and goes its way when another one is at it. That one
 * looks again before it leaves (pair Q1). A thread that was stopped in the middle
 * delays figures, and no other thread.
 *
 * Order. Addresses go from one thread to another through the kernel, between a
 * munmap() and the mmap() that follows it; the queue must have the two in that order.
 * Hence a ticket: the place in the queue is taken before munmap() or mremap(), and filled
 * in after. An mmap() needs none, for nobody else knows its range before it returns. A
 * place that is not filled in holds up those behind it.
 *
 * A signal handler that interrupted the shim adds its entry and leaves it to others.
 *
 *   Q1  producer: fill the entry (seq_cst), then try to take `applying` (seq_cst)
 *       <->  applier: release `applying` (seq_cst), then look at the next entry
 * (seq_cst); one of the two sees the other.
 */
#include "preload/record/mappings.h"

#include <sys/auxv.h>

#include "preload/count/counters.h"
#include "preload/count/peak.h"
#include "preload/platform/os_linux.h"
#include "preload/record/lookup.h"
#include "preload/record/ranges.h"
#include "preload/record/record.h"
#include "preload/unwind/tree.h"

#define ENTRIES                                                                          \
	65536u /* a thread that holds a ticket may be off its CPU for tens of ms */

/* Takes [from, to) out and puts [at, end) in. */
struct entry {
	uint64_t turn; /* 2 round: free; 2 round + 1: filled */
	uintptr_t from, to;
	uintptr_t at, end;
	uint32_t site;  /* 0: nothing is put in */
	bool inherited; /* put in, and counted, only where something is taken out */
};

struct queue {
	uint64_t tail;
	uint32_t applying;
	_Alignas(64) uint64_t head; /* of whoever is applying */
	struct entry entry[ENTRIES];
};

bool mappings_on;
static struct queue *queue; /* both in wiped memory */
static struct heapring_ranges *ranges;
static uintptr_t page_bytes = 4096;

bool mappings_init(void)
{
	if (mappings_on)
		return true;
	queue = os_reserve(sizeof *queue, true);
	ranges = ranges_new();
	page_bytes = getauxval(AT_PAGESZ);
	mappings_on = queue != NULL && ranges != NULL;
	return mappings_on;
}

const struct heapring_ranges *mappings_table(void)
{
	return ranges;
}

static uintptr_t whole_pages(size_t bytes)
{
	return (bytes + page_bytes - 1) & ~(page_bytes - 1);
}

static struct entry *entry_take(void)
{
	uint64_t at = __atomic_load_n(&queue->tail, __ATOMIC_RELAXED);

	for (;;) {
		struct entry *entry = &queue->entry[at % ENTRIES];
		/* acquire: what the applier read of it, it has read */
		uint64_t turn = __atomic_load_n(&entry->turn, __ATOMIC_ACQUIRE);

		if (turn < at / ENTRIES * 2)
			return NULL; /* full */
		if (turn > at / ENTRIES * 2)
			at = __atomic_load_n(&queue->tail, __ATOMIC_RELAXED);
		else if (__atomic_compare_exchange_n(&queue->tail, &at, at + 1, true,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return entry;
	}
}

/* The next entry, when it is filled in. */
static struct entry *entry_next(void)
{
	uint64_t head = __atomic_load_n(&queue->head, __ATOMIC_RELAXED);
	struct entry *entry = &queue->entry[head % ENTRIES];
	uint64_t turn = __atomic_load_n(&entry->turn, __ATOMIC_SEQ_CST); /* Q1 */

	return turn == head / ENTRIES * 2 + 1 ? entry : NULL;
}

static struct heapring_counter *counter_of(struct thread *t, uint32_t site)
{
	struct heapring_counter *c = counters_at(t->directory, t->slot, site);

	peak_note(c);
	return c;
}

static void lost(void *arg, uint32_t site, uint64_t bytes, bool whole)
{
	struct thread *t = arg;
	struct heapring_counter *c = counter_of(t, site);

	arch_count(&c->frees, whole ? 1 : 0); /* S3 */
	arch_count(&c->free_bytes, bytes);
}

/* False: some of it is not recorded. */
static bool put_in(struct thread *t, const struct entry *entry)
{
	bool kept = ranges_cut(ranges, entry->at, entry->end, lost, t);

	if (ranges_add(ranges, entry->at, entry->end, entry->site))
		return kept;
	lost(t, entry->site, entry->end - entry->at, true);
	return false;
}

static void apply(struct thread *t, const struct entry *entry)
{
	bool known = ranges_hold(ranges, entry->from, entry->to);
	bool kept = ranges_cut(ranges, entry->from, entry->to, lost, t);

	if (entry->inherited && known && entry->site != 0)
		count_alloc(counter_of(t, entry->site), entry->end - entry->at);
	if (entry->site != 0 && (known || !entry->inherited))
		kept = put_in(t, entry) && kept;
	if (!kept)
		arch_count(&t->record->dropped, 1);
}

/* t's gate is busy, and was not before. */
static void apply_all(struct thread *t)
{
	do {
		struct entry *entry;

		if (__atomic_exchange_n(&queue->applying, 1, __ATOMIC_SEQ_CST) != 0)
			return; /* Q1: that one will look again */
		while ((entry = entry_next()) != NULL) {
			apply(t, entry);
			/* release: to whoever takes the entry next */
			__atomic_fetch_add(&entry->turn, 1, __ATOMIC_RELEASE);
			__atomic_store_n(&queue->head, queue->head + 1, __ATOMIC_RELAXED);
		}
		__atomic_store_n(&queue->applying, 0, __ATOMIC_SEQ_CST); /* Q1 */
	} while (entry_next() != NULL);
}

static void fill(struct entry *entry, const struct entry *with)
{
	entry->from = with->from;
	entry->to = with->to;
	entry->at = with->at;
	entry->end = with->end;
	entry->site = with->site;
	entry->inherited = with->inherited;
	__atomic_fetch_add(&entry->turn, 1, __ATOMIC_SEQ_CST); /* Q1 */
}

/* The site of a mapping that caller made. 0: it is not to be recorded. */
static uint32_t site_of(struct thread *t, const struct frame *caller)
{
	uint32_t site;

	if (t->resume == GATE_DORMANT)
		return 0;
	site = tree_site(lookup_node(t, caller), HR_KIND_MAPPINGS, 1);
	if (site == HR_SITE_OVERFLOW) {
		arch_count(&t->record->dropped, 1);
		return 0;
	}
	return t->site_base + site;
}

/* Adds a change; caller: who holds [at, end) now, NULL nobody. */
static void change(struct entry *ticket, struct entry with, const struct frame *caller)
{
	struct thread *t;
	bool own = record_enter(&t);

	if (t->record == NULL) { /* not counted: no segment, no slot */
		if (ticket != NULL)
			fill(ticket, &(struct entry){ 0 });
		return;
	}
	if (own && caller != NULL)
		with.site = site_of(t, caller);
	else if (caller != NULL)
		arch_count(&t->record->bypassed, 1);
	if (ticket == NULL)
		ticket = entry_take();
	/* the count first: it can be taken back only after (S3) */
	if (ticket != NULL && with.site != 0 && !with.inherited)
		count_alloc(counter_of(t, with.site), with.end - with.at);
	if (ticket != NULL)
		fill(ticket, &with);
	else
		arch_count(&t->record->dropped, 1);
	if (own) {
		apply_all(t);
		record_leave(t);
	}
}

void mappings_mapped(void *at, size_t bytes, bool anonymous, struct frame caller)
{
	uintptr_t from = (uintptr_t)at, to = from + whole_pages(bytes);

	change(NULL, (struct entry){ .from = from, .to = to, .at = from, .end = to },
	       anonymous ? &caller : NULL);
}

struct mappings_ticket mappings_begin(void)
{
	return (struct mappings_ticket){ entry_take() };
}

void mappings_unmapped(struct mappings_ticket ticket, void *at, size_t bytes)
{
	uintptr_t from = (uintptr_t)at;

	change(ticket.entry,
	       (struct entry){ .from = from, .to = from + whole_pages(bytes) }, NULL);
}

void mappings_moved(struct mappings_ticket ticket, void *old, size_t old_bytes,
		    bool stays, void *at, size_t bytes, struct frame caller)
{
	uintptr_t from = (uintptr_t)old, to = (uintptr_t)at;
	struct entry with = { .from = from,
			      .to = from + whole_pages(old_bytes),
			      .at = to,
			      .end = to + whole_pages(bytes),
			      .inherited = true };

	if (stays) { /* it holds nothing from now on, but it is there */
		with.to = from;
		with.inherited = false;
	}
	change(ticket.entry, with, &caller);
}

#include "preload/count/peak.h"

#include "preload/platform/os_linux.h"
#include "preload/recent/recent.h"
#include "preload/segment/segment_writer.h"

#define FOLD_SHARE 256 /* a thread holds back at most 1/256 of the peak, */
#define FOLD_MIN                                                                         \
	8192           /* but at least 8 KiB, or small programs would fold all the time, \
			*/
#define FOLD_MAX 65536 /* and at most 64 KiB */

uint32_t peak_now;

static int64_t fold_distance(int64_t peak)
{
	int64_t share = peak / FOLD_SHARE;

	if (share < FOLD_MIN)
		return FOLD_MIN;
	return share < FOLD_MAX ? share : FOLD_MAX;
}

/*
 * `room` counts down from room_most / 2 as the thread's live bytes grow, so
 * room_least says how far they had risen since the last fold. A new peak begins
 * when live bytes pass peak_next, 1/FOLD_SHARE above the peak before.
 */
static void fold(struct thread *t)
{
	struct heapring_header *h = segment.header;
	int64_t middle = t->room_most / 2;
	int64_t before =
		__atomic_fetch_add(&h->live_bytes, middle - t->room, __ATOMIC_RELAXED);
	int64_t live = before + middle - t->room;
	int64_t reached = before + middle - t->room_least;
	int64_t peak = __atomic_load_n(&h->peak_bytes, __ATOMIC_RELAXED);

	while (reached > peak &&
	       !__atomic_compare_exchange_n(&h->peak_bytes, &peak, reached, true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	if (live > (int64_t)__atomic_load_n(&h->peak_next, __ATOMIC_RELAXED)) {
		uint32_t id = __atomic_add_fetch(&h->peak_id, 1, __ATOMIC_RELAXED);

		__atomic_store_n(&h->peak_next, (uint64_t)(live + live / FOLD_SHARE),
				 __ATOMIC_RELAXED);
		__atomic_store_n(&h->peak_mono_ns, os_mono_ns(), __ATOMIC_RELAXED);
		__atomic_store_n(&peak_now, id, __ATOMIC_RELAXED);
		recent_next_epoch();
	}
	middle = fold_distance(peak);
	__atomic_store_n(&h->peak_error, (uint64_t)middle, __ATOMIC_RELAXED);
	t->room = t->room_least = middle;
	t->room_most = 2 * middle;
}

void peak_note(struct heapring_counter *c)
{
	uint32_t id = __atomic_load_n(&peak_now, __ATOMIC_RELAXED);

	if (c->peak_id == id)
		return;
	c->peak_bytes = (int64_t)(c->alloc_bytes - c->free_bytes);
	c->peak_objects = (int64_t)(c->allocs - c->frees);
	c->peak_id = id;
}

void peak_live_changed(struct thread *t, int64_t by)
{
	t->room -= by;
	if (t->room < t->room_least)
		t->room_least = t->room;
	if (t->room < 0 || t->room > t->room_most)
		fold(t);
}

void peak_flush(struct thread *t)
{
	fold(t);
}

void peak_reset(void)
{
	peak_now = 0;
}

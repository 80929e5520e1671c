/*
 * watermark - how far one partition may be committed
 *
 * While nothing is deferred, base == next and a batch is two additions: that is
 * the usual state. From the first defer on, done offsets are bits in a ring and
 * base waits; settling the offset at base scans forward over set bits, 64 a
 * step, until the next one that is missing.
 *
 * Invariant: base <= next <= base + WATERMARK_SPAN; bits outside [base, next)
 * are clear, so a slot of the ring can be used again without cleaning.
 */
#include "pipeline/belt/watermark.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/base/memory.h"

#define WORDS (WATERMARK_SPAN / 64)

void watermark_init(struct watermark *w)
{
	*w = (struct watermark){ .base = WATERMARK_NONE, .next = WATERMARK_NONE };
}

void watermark_free(struct watermark *w)
{
	free(w->ring);
	watermark_init(w);
}

void watermark_restart(struct watermark *w)
{
	w->base = w->next = WATERMARK_NONE;
	if (w->ring != NULL)
		memset(w->ring, 0, WORDS * sizeof(w->ring[0]));
}

static uint64_t *word_of(struct watermark *w, int64_t offset)
{
	return &w->ring[(uint64_t)offset / 64 % WORDS];
}

static void bits_set(struct watermark *w, int64_t from, int64_t to)
{
	for (int64_t i = from; i < to; i++)
		*word_of(w, i) |= UINT64_C(1) << (i & 63);
}

/* Moves base over done offsets and clears their bits. */
static void advance(struct watermark *w)
{
	while (w->base < w->next) {
		uint64_t *word = word_of(w, w->base);
		uint64_t rest = ~(*word >> (w->base & 63));
		int64_t run = rest == 0 ? 64 : __builtin_ctzll(rest);

		if (run > 64 - (w->base & 63))
			run = 64 - (w->base & 63);
		if (run == 0)
			return;
		*word &= run == 64 ? 0 : ~(((UINT64_C(1) << run) - 1) << (w->base & 63));
		w->base += run;
	}
}

static bool start(struct watermark *w, int64_t at)
{
	if (w->base == WATERMARK_NONE)
		w->base = w->next = at;
	return w->base == w->next;
}

int watermark_done(struct watermark *w, int64_t from, int64_t to)
{
	if (start(w, from)) {
		if (to > w->next)
			w->base = w->next = to;
		return 0;
	}
	if (from < w->base)
		from = w->base;
	if (to - w->base > WATERMARK_SPAN)
		return -EAGAIN;
	if (from > w->next)
		from = w->next; /* never seen: a hole is done */
	if (to <= from)
		return 0;
	bits_set(w, from, to);
	if (to > w->next)
		w->next = to;
	advance(w);
	return 0;
}

int watermark_defer(struct watermark *w, int64_t offset)
{
	if (w->ring == NULL) {
		w->ring = memory_zero(WORDS, sizeof(w->ring[0]));
		if (w->ring == NULL)
			return -ENOMEM;
	}
	if (start(w, offset) && offset > w->base)
		w->base = w->next = offset;
	if (offset < w->next)
		return 0;
	if (offset + 1 - w->base > WATERMARK_SPAN)
		return -EAGAIN;
	bits_set(w, w->next, offset);
	w->next = offset + 1;
	return 0;
}

void watermark_settle(struct watermark *w, int64_t offset)
{
	if (w->base == WATERMARK_NONE || offset < w->base || offset >= w->next)
		return;
	bits_set(w, offset, offset + 1);
	advance(w);
}

int64_t watermark_offset(const struct watermark *w)
{
	return w->base;
}

/*
 * test_watermark - the contract in pipeline/belt/watermark.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "pipeline/belt/watermark.h"

static struct watermark w;

static void begin(int64_t from, int64_t to)
{
	watermark_init(&w);
	cr_assert(eq(int, watermark_done(&w, from, to), 0));
}

Test(watermark, nothing_is_known_before_the_first_offset)
{
	watermark_init(&w);
	cr_expect(eq(i64, watermark_offset(&w), WATERMARK_NONE));
}

Test(watermark, runs_without_defer_move_it_at_once)
{
	begin(100, 600);
	cr_expect(eq(i64, watermark_offset(&w), 600));
	cr_assert(eq(int, watermark_done(&w, 600, 700), 0));
	cr_expect(eq(i64, watermark_offset(&w), 700));
}

Test(watermark, offsets_never_seen_count_as_done)
{
	begin(0, 10);
	cr_assert(eq(int, watermark_done(&w, 15, 20), 0));
	cr_expect(eq(i64, watermark_offset(&w), 20));
	cr_assert(eq(int, watermark_defer(&w, 25), 0));
	cr_expect(eq(i64, watermark_offset(&w), 25));
	cr_assert(eq(int, watermark_done(&w, 30, 40), 0));
	watermark_settle(&w, 25);
	cr_expect(eq(i64, watermark_offset(&w), 40));
	watermark_free(&w);
}

Test(watermark, a_deferred_offset_holds_it)
{
	begin(0, 10);
	cr_assert(eq(int, watermark_defer(&w, 10), 0));
	cr_assert(eq(int, watermark_done(&w, 11, 500), 0));
	cr_expect(eq(i64, watermark_offset(&w), 10));
	watermark_settle(&w, 10);
	cr_expect(eq(i64, watermark_offset(&w), 500));
	watermark_free(&w);
}

Test(watermark, deferred_offsets_settle_in_any_order)
{
	begin(0, 1);
	for (int64_t i = 1; i < 1000; i++)
		cr_assert(eq(int, watermark_defer(&w, i), 0));
	for (int64_t i = 999; i > 1; i--) {
		watermark_settle(&w, i);
		cr_assert(eq(i64, watermark_offset(&w), 1));
	}
	watermark_settle(&w, 1);
	cr_expect(eq(i64, watermark_offset(&w), 1000));
	watermark_free(&w);
}

Test(watermark, too_much_behind_a_deferred_offset_must_wait)
{
	begin(0, 10);
	cr_assert(eq(int, watermark_defer(&w, 10), 0));
	cr_assert(eq(int, watermark_done(&w, 11, 10 + WATERMARK_SPAN), 0));
	cr_expect(eq(int, watermark_done(&w, 10 + WATERMARK_SPAN, 11 + WATERMARK_SPAN),
		     -EAGAIN));
	cr_expect(eq(int, watermark_defer(&w, 10 + WATERMARK_SPAN), -EAGAIN));
	watermark_settle(&w, 10);
	cr_expect(eq(i64, watermark_offset(&w), 10 + WATERMARK_SPAN));
	cr_expect(
		eq(int, watermark_done(&w, 10 + WATERMARK_SPAN, 11 + WATERMARK_SPAN), 0));
	watermark_free(&w);
}

Test(watermark, what_is_below_it_is_ignored)
{
	begin(0, 100);
	cr_assert(eq(int, watermark_done(&w, 50, 60), 0));
	watermark_settle(&w, 10);
	cr_assert(eq(int, watermark_defer(&w, 20), 0));
	cr_expect(eq(i64, watermark_offset(&w), 100));
	watermark_free(&w);
}

/* Against a plain model: random runs, defers and settles over many turns of the ring. */
Test(watermark, agrees_with_a_simple_model)
{
	static unsigned char done[1 << 20];
	unsigned seed = 7;
	int64_t next = 1, base = 1;

	begin(0, 1);
	while (next < (1 << 20) - 300) {
		int64_t n = rand_r(&seed) % 200 + 1, at;

		if (rand_r(&seed) % 4 == 0) {
			if (watermark_defer(&w, next) == 0)
				next++;
		} else if (watermark_done(&w, next, next + n) == 0) {
			for (int64_t i = 0; i < n; i++)
				done[next++] = 1;
		}
		for (int i = 0; i < 3 && base < next; i++) {
			at = i == 0 ? base : base + rand_r(&seed) % (next - base);
			done[at] = 1;
			watermark_settle(&w, at);
			while (base < next && done[base])
				base++;
		}
		while (base < next && done[base])
			base++;
		cr_assert(eq(i64, watermark_offset(&w), base));
	}
	watermark_free(&w);
}

/*
 * test_sample - the contract in pipeline/limits/sample.h about sizes; reading a topic is
 * run_batches.py's
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "pipeline/limits/sample.h"

#define NEAR (UINT64_C(200) << 20)

static struct sample batches_of(unsigned n, const uint32_t *sizes, unsigned n_sizes)
{
	struct sample s = { .n = n, .pace = NEAR };

	for (unsigned i = 0; i < n; i++)
		s.batch[i] = sizes[i % n_sizes];
	return s;
}

/* Bytes sent in vain for each that is kept when a log is read size bytes at a time. */
static double waste(const struct sample *s, size_t size)
{
	size_t kept = 0, cut = 0;

	for (unsigned at = 0; at < s->n * 100;) {
		size_t sum = 0;

		for (; sum + s->batch[at % s->n] <= size; at++)
			sum += s->batch[at % s->n];
		cr_assert(gt(sz, sum, 0));
		kept += sum;
		cut += size - sum;
	}
	return (double)cut / (double)kept;
}

Test(sample, equal_batches_are_cut_behind_whole_ones)
{
	static const uint32_t sizes[] = { 16129, 9000, 31000, 70000 };

	for (unsigned i = 0; i < 4; i++) {
		struct sample s = batches_of(20, &sizes[i], 1);

		for (size_t most = 100000; most < 500000; most += 33333) {
			size_t size = sample_fetch(&s, most);

			cr_expect(le(sz, size, most));
			cr_expect(ge(sz, size, most / 2));
			cr_expect(lt(dbl, waste(&s, size), 0.006), "%u %zu", sizes[i],
				  most);
		}
	}
}

Test(sample, a_run_that_ends_with_a_short_batch_is_kept_whole)
{
	static const uint32_t sizes[] = { 16129, 16129, 16129, 16129, 16129,
					  16129, 16129, 16129, 16129, 12966 };
	struct sample s = batches_of(30, sizes, 10);

	cr_expect(lt(dbl, waste(&s, sample_fetch(&s, 200000)), 0.006));
	cr_expect(lt(dbl, waste(&s, sample_fetch(&s, 200000)), waste(&s, 196608) / 4));
}

Test(sample, the_longer_answer_is_taken_where_both_waste_as_little)
{
	static const uint32_t size = 10000;
	struct sample s = batches_of(16, &size, 1);

	cr_expect(gt(sz, sample_fetch(&s, 205000), 200000));
}

Test(sample, long_batches_are_fetched_one_by_one_where_every_cut_wastes)
{
	static const uint32_t longest[] = {
		400000, 650000, 210000, 900000, 333000, 500000
	};
	static const uint32_t mixed[] = {
		65407, 65407, 25000, 65407, 41000, 7000, 33000
	};
	static const uint32_t equal = 300000;
	struct sample s = batches_of(6, longest, 6);

	cr_expect(eq(sz, sample_fetch(&s, 1500000), SAMPLE_ONE_BATCH));
	cr_expect(eq(sz, sample_fetch(&s, 150000), SAMPLE_ONE_BATCH), "none fits");
	s = batches_of(128, mixed, 7);
	for (unsigned i = 0; i < s.n; i++) /* in no order */
		s.batch[i] = mixed[i * i % 11 % 7];
	cr_expect(eq(sz, sample_fetch(&s, 150000), SAMPLE_ONE_BATCH));
	s = batches_of(8, &equal, 1);
	cr_expect(gt(sz, sample_fetch(&s, 1000000), 900000), "and cut where it does not");
}

Test(sample, a_far_broker_is_asked_for_more_than_a_batch_where_more_fits)
{
	static const uint32_t mixed[] = {
		400000, 650000, 210000, 900000, 333000, 500000
	};
	struct sample s = batches_of(6, mixed, 6);

	s.pace = NEAR / 100;
	cr_expect(gt(sz, sample_fetch(&s, 1500000), 900000));
	cr_expect(eq(sz, sample_fetch(&s, 150000), SAMPLE_ONE_BATCH), "none fits");
}

Test(sample, short_batches_are_not_fetched_one_by_one)
{
	static const uint32_t mixed[] = { 16000, 16100, 5000, 15000, 11000, 9000 };
	struct sample s = batches_of(36, mixed, 6);

	for (unsigned i = 0; i < s.n; i++)
		s.batch[i] = mixed[i * i % 7 % 6];
	cr_expect(gt(sz, sample_fetch(&s, 100000), 16100));
}

Test(sample, nothing_is_said_of_batches_that_do_not_fit_or_were_not_seen)
{
	static const uint32_t size = 30000;
	struct sample s = batches_of(8, &size, 1);

	cr_expect(eq(sz, sample_fetch(&s, 20000), 0));
	s.n = 0;
	cr_expect(eq(sz, sample_fetch(&s, 200000), 0));
	cr_expect(eq(sz, sample_usual_batch(&s), 0));
}

Test(sample, the_usual_batch_is_the_one_in_the_middle)
{
	static const uint32_t sizes[] = { 5, 900000, 100, 120, 110 };
	struct sample s = batches_of(5, sizes, 5);

	cr_expect(eq(sz, sample_usual_batch(&s), 110));
}

/*
 * test_histogram - the contract in pipeline/base/histogram.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "pipeline/base/histogram.h"

static struct histogram h;

Test(histogram, is_zero_when_empty)
{
	cr_expect(eq(u64, histogram_quantile(&h, 0.99), 0));
	cr_expect(eq(dbl, histogram_mean(&h), 0));
}

Test(histogram, a_quantile_is_at_most_a_bucket_above_the_truth)
{
	for (uint64_t i = 1; i <= 1000000; i++)
		histogram_record(&h, i, 1);
	for (int p = 1; p <= 99; p++) {
		uint64_t truth = (uint64_t)p * 10000,
			 got = histogram_quantile(&h, p / 100.0);

		cr_expect(ge(u64, got, truth));
		cr_expect(le(dbl, (double)got, (double)truth * 1.033), "p%d %lu", p,
			  (unsigned long)got);
	}
}

Test(histogram, the_largest_value_is_exact)
{
	histogram_record(&h, 12345, 3);
	cr_expect(eq(u64, histogram_quantile(&h, 1.0), 12345));
	cr_expect(eq(u64, histogram_quantile(&h, 0.5), 12345));
}

Test(histogram, takes_any_value)
{
	histogram_record(&h, 0, 1);
	histogram_record(&h, UINT64_MAX >> 1, 1);
	cr_expect(eq(u64, histogram_quantile(&h, 0.5), 0));
	cr_expect(eq(u64, histogram_quantile(&h, 1.0), UINT64_MAX >> 1));
}

Test(histogram, below_counts_what_is_at_most_the_limit)
{
	histogram_record(&h, 500, 7);
	histogram_record(&h, 5000, 2);
	cr_expect(eq(u64, histogram_below(&h, 400), 0));
	cr_expect(eq(u64, histogram_below(&h, 500), 7));
	cr_expect(eq(u64, histogram_below(&h, 10000), 9));
}

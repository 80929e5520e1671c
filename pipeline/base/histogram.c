/*
 * histogram - how long things took, in a fixed 15 KiB
 *
 * Values below 32 have a bucket each. Above, a value with its highest bit at
 * position e goes to row e - 4, column = the five bits behind the highest one.
 * Every counter has one writer, so an update is a plain load, add and store,
 * kept atomic for the readers; counts order nothing: relaxed throughout.
 */
#include "pipeline/base/histogram.h"

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t old = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, old + n, memory_order_relaxed);
}

static unsigned bucket_of(uint64_t value)
{
	unsigned high;

	if (value < 32)
		return (unsigned)value;
	high = 63 - (unsigned)__builtin_clzll(value);
	return (high - 4) * 32 + (unsigned)(value >> (high - 5) & 31);
}

static uint64_t upper_edge(unsigned bucket)
{
	unsigned high;

	if (bucket < 32)
		return bucket;
	high = bucket / 32 + 4;
	return ((UINT64_C(33) + bucket % 32) << (high - 5)) - 1;
}

void histogram_record(struct histogram *h, uint64_t value, uint64_t times)
{
	add(&h->count[bucket_of(value)], times);
	add(&h->total, times);
	add(&h->sum, value * times);
	if (value > atomic_load_explicit(&h->max, memory_order_relaxed))
		atomic_store_explicit(&h->max, value, memory_order_relaxed);
}

uint64_t histogram_quantile(const struct histogram *h, double q)
{
	uint64_t total = atomic_load_explicit(&h->total, memory_order_relaxed);
	uint64_t max = atomic_load_explicit(&h->max, memory_order_relaxed);
	uint64_t rank = (uint64_t)(q * (double)total + 0.5), seen = 0;

	if (total == 0)
		return 0;
	if (rank == 0)
		rank = 1;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += atomic_load_explicit(&h->count[i], memory_order_relaxed);
		if (seen >= rank)
			return upper_edge(i) < max ? upper_edge(i) : max;
	}
	return max;
}

uint64_t histogram_below(const struct histogram *h, uint64_t limit)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i <= bucket_of(limit); i++)
		seen += atomic_load_explicit(&h->count[i], memory_order_relaxed);
	return seen;
}

double histogram_mean(const struct histogram *h)
{
	uint64_t total = atomic_load_explicit(&h->total, memory_order_relaxed);
	uint64_t sum = atomic_load_explicit(&h->sum, memory_order_relaxed);

	return total == 0 ? 0 : (double)sum / (double)total;
}

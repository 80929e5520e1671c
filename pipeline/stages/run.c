#include "pipeline/stages/run.h"

#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/stages/signals.h"

void run_drain(struct run *run)
{
	uint64_t none = 0;

	atomic_compare_exchange_strong_explicit(
		&run->deadline_ns, &none, units_now_ns() + run->options->drain_us * 1000,
		memory_order_relaxed, memory_order_relaxed);
}

void run_stop(struct run *run)
{
	run_drain(run);
	atomic_store_explicit(&run->stop, true, memory_order_relaxed);
}

void run_fail(struct run *run, int status)
{
	int fine = EXIT_FINE;

	atomic_compare_exchange_strong_explicit(
		&run->failed, &fine, status, memory_order_relaxed, memory_order_relaxed);
	run_stop(run);
}

bool run_given_up(const struct run *run)
{
	uint64_t deadline = atomic_load_explicit(&run->deadline_ns, memory_order_relaxed);

	/* who asks twice does not want to wait */
	return (deadline != 0 && units_now_ns() > deadline) || signals_caught() > 1;
}

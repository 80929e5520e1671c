/*
 * report - the numbers of a run for people and programs
 *
 * Names and units are those of docs/pipeline-metrics.md.
 */
#include "pipeline/commands/report.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/units.h"

static double per_message(struct run *run, uint64_t now, uint64_t warm)
{
	uint64_t n =
		stats_read(&run->stats.decoded) - stats_read(&run->stats.warm_decoded);

	return n == 0 ? 0 : (double)(now - warm) / (double)n;
}

/* Allocations of our own code a message after warm-up. */
static double calls_per_message(struct run *run)
{
	return per_message(run, memory_total().calls, stats_read(&run->stats.warm_calls));
}

static double bytes_per_message(struct run *run)
{
	return per_message(run, memory_total().bytes, stats_read(&run->stats.warm_bytes));
}

static double elapsed(const struct run *run)
{
	uint64_t first = stats_read(&run->stats.first_ns);
	uint64_t last = stats_read(&run->stats.last_ns);

	return first == 0 || last <= first ? 0 : (double)(last - first) / 1e9;
}

static double rate(const struct run *run)
{
	double seconds = elapsed(run);

	return seconds <= 0 ? 0
			    : (double)(stats_read(&run->stats.processed) +
				       stats_read(&run->stats.dead_lettered)) /
				      seconds;
}

static void json_latency(const char *name, const struct histogram *h)
{
	printf("\"%s\":{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f},", name,
	       (double)histogram_quantile(h, 0.50) / 1e3,
	       (double)histogram_quantile(h, 0.95) / 1e3,
	       (double)histogram_quantile(h, 0.99) / 1e3,
	       (double)histogram_quantile(h, 1.0) / 1e3);
}

static void json_number(const char *name, uint64_t value)
{
	printf("\"%s\":%llu,", name, (unsigned long long)value);
}

void report_json(struct run *run)
{
	const struct stats *s = &run->stats;
	struct belt_gauge belt = belt_read(run->belt);

	printf("{");
	json_number("consumed", stats_read(&s->consumed));
	json_number("processed", stats_read(&s->processed));
	json_number("dead_lettered", stats_read(&s->dead_lettered));
	json_number("committed", partitions_committed_sum(run->partitions));
	json_number("duplicates", stats_read(&s->duplicates));
	json_number("redelivered", stats_read(&s->redelivered));
	json_number("lost", stats_read(&s->lost));
	json_number("retried", stats_read(&s->retried));
	json_number("produced", stats_read(&s->produced));
	printf("\"elapsed_s\":%.3f,\"msgs_per_s\":%.0f,", elapsed(run), rate(run));
	json_latency("latency_ms", &s->latency);
	json_latency("end_to_end_ms", &s->end_to_end);
	printf("\"allocs_per_msg\":%.4f,\"bytes_allocated_per_msg\":%.2f,",
	       calls_per_message(run), bytes_per_message(run));
	json_number("inflight_max", belt.messages_max);
	json_number("inflight_limit", (uint64_t)belt.slots * belt.batch);
	json_number("queue_max", belt.waiting_max);
	json_number("inflight_bytes_max", belt.bytes_max);
	json_number("pauses", stats_read(&s->pauses));
	json_number("breaker_opened", stats_read(&s->breaker_opened));
	json_number("sink_errors", stats_read(&s->sink_errors));
	json_number("consumed_bytes", stats_read(&s->consumed_bytes));
	json_number("rx_bytes", stats_read(&s->rx_bytes));
	json_number("budget_kb", run->limits.total / 1024);
	printf("\"peak_rss_kb\":%zu}\n", memory_resident_peak() / 1024);
	fflush(stdout);
}

void report_text(struct run *run)
{
	const struct stats *s = &run->stats;
	struct belt_gauge belt = belt_read(run->belt);
	char peak[UNITS_TEXT_MAX], budget[UNITS_TEXT_MAX];

	fprintf(stderr,
		"consumed %llu, stored %llu, dead letters %llu, committed %llu, "
		"duplicates %llu, lost %llu\n"
		"%.2f s, %.0f messages/s, latency p50 %.1f ms p99 %.1f ms, "
		"%.2f allocations a message\n"
		"in flight at most %llu of %u, stopped polling %llu times, "
		"peak memory %s, budget %s\n",
		(unsigned long long)stats_read(&s->consumed),
		(unsigned long long)stats_read(&s->processed),
		(unsigned long long)stats_read(&s->dead_lettered),
		(unsigned long long)partitions_committed_sum(run->partitions),
		(unsigned long long)stats_read(&s->duplicates),
		(unsigned long long)stats_read(&s->lost), elapsed(run), rate(run),
		(double)histogram_quantile(&s->latency, 0.5) / 1e3,
		(double)histogram_quantile(&s->latency, 0.99) / 1e3,
		calls_per_message(run), (unsigned long long)belt.messages_max,
		belt.slots * belt.batch, (unsigned long long)stats_read(&s->pauses),
		units_bytes_text(peak, memory_resident_peak()),
		units_bytes_text(budget, run->limits.total));
}

static int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
		return 80;
	return size.ws_col;
}

void report_status(struct run *run)
{
	static uint64_t before, before_ns; /* the calling thread's alone */
	const struct stats *s = &run->stats;
	uint64_t now = units_now_ns(), done = stats_read(&s->processed), lag = 0;
	struct belt_gauge belt = belt_read(run->belt);
	char text[UNITS_TEXT_MAX], line[256];

	for (unsigned i = 0; i < partitions_count(run->partitions); i++)
		lag += partitions_lag(run->partitions, (int32_t)i);
	snprintf(line, sizeof(line),
		 "%9.0f msg/s  in flight %5llu/%u  lag %8llu  p99 %6.1f ms  %s%s%s  dead "
		 "%llu",
		 before_ns == 0
			 ? 0
			 : (double)(done - before) * 1e9 / (double)(now - before_ns),
		 (unsigned long long)belt.messages, belt.slots * belt.batch,
		 (unsigned long long)lag,
		 (double)histogram_quantile(&s->latency, 0.99) / 1e3,
		 units_bytes_text(text, memory_resident()),
		 atomic_load_explicit(&s->breaker_open, memory_order_relaxed)
			 ? "  BREAKER"
			 : "",
		 atomic_load_explicit(&s->sink_down, memory_order_relaxed) ? "  SINK DOWN"
									   : "",
		 (unsigned long long)stats_read(&s->dead_lettered));
	/* one that wraps could not be drawn over */
	fprintf(stderr, "\r%.*s\033[K", terminal_width() - 1, line);
	before = done;
	before_ns = now;
}

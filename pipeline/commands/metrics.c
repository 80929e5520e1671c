/*
 * metrics - the run's numbers in Prometheus' text format, over HTTP
 *
 * libmicrohttpd answers on one thread of its own; a scrape reads the stats while
 * the run goes on and builds its text in one buffer that it hands over. Names and
 * meanings are published in docs/pipeline-metrics.md; the tables below are in
 * its order.
 */
#include "pipeline/commands/metrics.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/base/late.h"
#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/commands/report.h"

#define TEXT_START 16384
#define PREFIX "heapring_pipeline_"

#define MHD_FUNCTIONS(F)                                                                 \
	F(MHD_create_response_from_buffer)                                               \
	F(MHD_add_response_header)                                                       \
	F(MHD_queue_response)                                                            \
	F(MHD_destroy_response)                                                          \
	F(MHD_start_daemon)                                                              \
	F(MHD_stop_daemon)                                                               \
	F(MHD_get_daemon_info)

static struct {
	MHD_FUNCTIONS(LATE_SLOT)
} mhd; /* filled by metrics_load, before the endpoint's thread runs */

int metrics_load(void)
{
	static const char *const names[] = { MHD_FUNCTIONS(LATE_NAME) };

	return late_load("libmicrohttpd.so.12", names, (void **)&mhd,
			 sizeof(names) / sizeof(names[0]));
}

struct metrics {
	struct MHD_Daemon *daemon;
	struct run *run;
};

struct text {
	char *at;
	size_t len, size;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt,
						      ...)
{
	va_list args;
	int n;

	if (t->at == NULL)
		return;
	if (t->size - t->len < 512) {
		char *more = realloc(t->at, t->size * 2);

		if (more == NULL)
			return;
		t->at = more;
		t->size *= 2;
	}
	va_start(args, fmt);
	n = vsnprintf(t->at + t->len, t->size - t->len, fmt, args);
	va_end(args);
	if (n > 0 && (size_t)n < t->size - t->len)
		t->len += (size_t)n;
}

static void put_one(struct text *t, const char *name, const char *type, const char *help,
		    double value)
{
	put(t, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n" PREFIX "%s %.17g\n",
	    name, help, name, type, name, value);
}

static void counter(struct text *t, const char *name, const char *help,
		    const _Atomic uint64_t *value)
{
	put_one(t, name, "counter", help, (double)stats_read(value));
}

static void gauge(struct text *t, const char *name, const char *help, double value)
{
	put_one(t, name, "gauge", help, value);
}

/* unit: what one recorded unit is in the published one (us to s: 1e-6). */
static void put_histogram(struct text *t, const char *name, const char *help,
			  const struct histogram *h, const double *edges, double unit)
{
	double total = (double)stats_read(&h->total);

	put(t, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s histogram\n", name, help,
	    name);
	for (; *edges > 0; edges++)
		put(t, PREFIX "%s_bucket{le=\"%g\"} %.17g\n", name, *edges,
		    (double)histogram_below(h, (uint64_t)(*edges / unit + 0.5)));
	put(t, PREFIX "%s_bucket{le=\"+Inf\"} %.17g\n", name, total);
	put(t, PREFIX "%s_sum %.17g\n" PREFIX "%s_count %.17g\n", name,
	    histogram_mean(h) * total * unit, name, total);
}

static void put_counters(struct text *t, const struct stats *s)
{
	counter(t, "consumed_total", "messages polled", &s->consumed);
	counter(t, "consumed_bytes_total", "payload bytes polled", &s->consumed_bytes);
	counter(t, "received_bytes_total", "bytes received from brokers", &s->rx_bytes);
	counter(t, "processed_total", "messages stored in the sink", &s->processed);
	counter(t, "batches_total", "batches stored", &s->batches);
	counter(t, "poisoned_total", "messages that cannot be decoded", &s->poisoned);
	counter(t, "retries_total", "tries of refused rows", &s->retried);
	counter(t, "dead_letters_total", "letters the broker acknowledged",
		&s->dead_lettered);
	counter(t, "duplicates_total", "rows the sink had already", &s->duplicates);
	counter(t, "redelivered_total", "offsets polled again", &s->redelivered);
	counter(t, "lost_total", "offsets gone before they were polled", &s->lost);
	counter(t, "pauses_total", "times polling stopped", &s->pauses);
	counter(t, "commits_total", "commits that succeeded", &s->commits);
	counter(t, "commit_errors_total", "commits that failed", &s->commit_errors);
	counter(t, "rebalances_total", "rebalances of the group", &s->rebalances);
	counter(t, "broker_errors_total", "errors reported by librdkafka",
		&s->broker_errors);
	counter(t, "sink_errors_total", "writes the sink could not do", &s->sink_errors);
	counter(t, "breaker_opened_total", "times the memory breaker opened",
		&s->breaker_opened);
	put_one(t, "paused_seconds_total", "counter", "time without polling",
		(double)stats_read(&s->paused_ns) / 1e9);
	put_one(t, "worker_busy_seconds_total", "counter", "time workers were decoding",
		(double)stats_read(&s->decode_ns) / 1e9);
	put_one(t, "sink_busy_seconds_total", "counter", "time in the sink",
		(double)stats_read(&s->sink_ns) / 1e9);
}

static void put_gauges(struct text *t, struct run *run)
{
	const struct stats *s = &run->stats;
	struct belt_gauge belt = belt_read(run->belt);

	gauge(t, "inflight_messages", "messages on the belt", (double)belt.messages);
	gauge(t, "inflight_messages_max", "highest so far", (double)belt.messages_max);
	gauge(t, "inflight_messages_limit", "its bound", (double)belt.slots * belt.batch);
	gauge(t, "inflight_bytes", "bytes of payloads and keys on the belt",
	      (double)belt.bytes);
	gauge(t, "inflight_bytes_limit", "its bound", (double)belt.bytes_limit);
	gauge(t, "queue_messages", "messages waiting for a worker", (double)belt.waiting);
	gauge(t, "queue_messages_max", "highest so far", (double)belt.waiting_max);
	gauge(t, "queue_bytes", "their payload", (double)belt.waiting_bytes);
	gauge(t, "prefetch_messages", "messages in librdkafka's queues",
	      (double)stats_read(&s->prefetched));
	gauge(t, "prefetch_bytes", "bytes in librdkafka's queues",
	      (double)stats_read(&s->prefetched_bytes));
	gauge(t, "workers", "decoding threads", run->options->workers);
	gauge(t, "retry_messages", "rows waiting for another try",
	      (double)stats_read(&s->retry_waiting));
	gauge(t, "retry_bytes", "their payload", (double)stats_read(&s->retry_bytes));
	gauge(t, "retry_messages_limit", "bound of the retry queue", run->limits.retries);
	gauge(t, "dead_letters_waiting", "letters not acknowledged yet",
	      (double)stats_read(&s->dead_waiting));
	gauge(t, "breaker_open", "1 while the memory breaker is open",
	      atomic_load_explicit(&s->breaker_open, memory_order_relaxed));
	gauge(t, "sink_down", "1 while the sink cannot store",
	      atomic_load_explicit(&s->sink_down, memory_order_relaxed));
}

static unsigned threads_now(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	unsigned n = 0;

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL && n == 0)
		sscanf(line, "Threads: %u", &n);
	fclose(file);
	return n;
}

static void put_memory(struct text *t, struct run *run)
{
	struct memory_count count = memory_total();

	gauge(t, "resident_bytes", "resident memory of the process",
	      (double)memory_resident());
	gauge(t, "resident_peak_bytes", "highest so far", (double)memory_resident_peak());
	gauge(t, "budget_bytes", "sum of the budget's lines", (double)run->limits.total);
	gauge(t, "heap_bytes", "bytes malloc has handed out",
	      (double)memory_heap_in_use());
	gauge(t, "heap_held_bytes", "bytes malloc holds, in use or free",
	      (double)memory_heap_held());
	put_one(t, "allocations_total", "counter", "allocations of our own code",
		(double)count.calls);
	put_one(t, "allocated_bytes_total", "counter", "bytes of them",
		(double)count.bytes);
	gauge(t, "threads", "threads of the process", threads_now());
}

static void head(struct text *t, const char *name, const char *help)
{
	put(t, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s gauge\n", name, help, name);
}

static int64_t get(const _Atomic int64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static void put_partitions(struct text *t, struct run *run)
{
	unsigned n = partitions_count(run->partitions);

	head(t, "lag", "messages between the committed offset and the end of the log");
	for (unsigned i = 0; i < n; i++)
		put(t, PREFIX "lag{partition=\"%u\"} %llu\n", i,
		    (unsigned long long)partitions_lag(run->partitions, (int32_t)i));
	head(t, "position", "next offset to poll");
	for (unsigned i = 0; i < n; i++)
		put(t, PREFIX "position{partition=\"%u\"} %lld\n", i,
		    (long long)get(
			    &partitions_at(run->partitions, (int32_t)i)->position));
	head(t, "committed", "committed offset");
	for (unsigned i = 0; i < n; i++)
		put(t, PREFIX "committed{partition=\"%u\"} %lld\n", i,
		    (long long)get(
			    &partitions_at(run->partitions, (int32_t)i)->committed));
}

static void build(struct text *t, struct run *run)
{
	static const double seconds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
					  0.25,  0.5,    1,     2.5,  5,     10,   0 };
	static const double sizes[] = {
		1, 10, 50, 100, 200, 300, 400, 500, 1000, 2000, 0
	};

	put_counters(t, &run->stats);
	put_gauges(t, run);
	put_memory(t, run);
	put_histogram(t, "latency_seconds", "polled to stored", &run->stats.latency,
		      seconds, 1e-6);
	put_histogram(t, "end_to_end_seconds", "produced to stored, millisecond clock",
		      &run->stats.end_to_end, seconds, 1e-6);
	put_histogram(t, "batch_messages", "messages a batch", &run->stats.batch_size,
		      sizes, 1);
	put_partitions(t, run);
}

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status,
			     const char *text, size_t len,
			     enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response =
		mhd.MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, mode);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	mhd.MHD_add_response_header(response, "Content-Type",
				    "text/plain; version=0.0.4");
	result = mhd.MHD_queue_response(connection, status, response);
	mhd.MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(void *with, struct MHD_Connection *connection,
			      const char *url, const char *method, const char *version,
			      const char *data, size_t *data_size, void **state)
{
	struct metrics *m = with;
	struct text t = { .size = TEXT_START };

	(void)version, (void)data, (void)data_size, (void)state;
	if (strcmp(method, "GET") != 0)
		return reply(connection, 405, "only GET\n", 9, MHD_RESPMEM_PERSISTENT);
	if (strcmp(url, "/healthz") == 0)
		return reply(connection, 200, "ok\n", 3, MHD_RESPMEM_PERSISTENT);
	if (strcmp(url, "/metrics") != 0)
		return reply(connection, 404, "see /metrics\n", 13,
			     MHD_RESPMEM_PERSISTENT);
	t.at = malloc(t.size);
	build(&t, m->run);
	if (t.at == NULL)
		return MHD_NO;
	return reply(connection, 200, t.at, t.len, MHD_RESPMEM_MUST_FREE);
}

/* "127.0.0.1:9100", "localhost:0"; IPv4, since it is meant for this machine. */
static int parse(const char *address, struct sockaddr_in *ret)
{
	const char *colon = strrchr(address, ':');
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char host[128];
	uint64_t port;

	if (colon == NULL || units_count(colon + 1, &port) != 0 || port > 65535)
		return -1;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
	if (getaddrinfo(host[0] == '\0' ? "127.0.0.1" : host, NULL, &hints, &found) != 0)
		return -1;
	memcpy(ret, found->ai_addr, sizeof(*ret));
	ret->sin_port = htons((uint16_t)port);
	freeaddrinfo(found);
	return 0;
}

struct metrics *metrics_open(const char *address, struct run *run)
{
	struct metrics *m = memory_zero(1, sizeof(*m));
	const union MHD_DaemonInfo *info;
	struct sockaddr_in where;

	if (m == NULL)
		return NULL;
	m->run = run;
	if (parse(address, &where) == 0)
		m->daemon = mhd.MHD_start_daemon(
			MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, m,
			MHD_OPTION_SOCK_ADDR, &where, MHD_OPTION_CONNECTION_LIMIT, 16u,
			MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_END);
	if (m->daemon == NULL) {
		say_error("--metrics %s: cannot listen there; give HOST:PORT with a free "
			  "port of this machine",
			  address);
		free(m);
		return NULL;
	}
	info = mhd.MHD_get_daemon_info(m->daemon, MHD_DAEMON_INFO_BIND_PORT);
	if (ntohs(where.sin_port) == 0 && info != NULL)
		say_note("metrics on port %u", info->port);
	return m;
}

void metrics_close(struct metrics *m)
{
	if (m == NULL)
		return;
	mhd.MHD_stop_daemon(m->daemon);
	free(m);
}

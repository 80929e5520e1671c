/*
 * consume - the command that consumes: set up, start the threads, end in order
 *
 * Order at the start: embedded broker, probe of the topic (its partitions are
 * needed for the limits), limits, sink, consumer, threads. At the end: the poller
 * ends first and closes the belt, workers and sink thread finish what is on it,
 * the consumer commits and leaves, and only then the sink and the broker go.
 *
 * This thread waits for signals, the time limit and the embedded producer's end,
 * and draws the status line.
 */
#include "pipeline/commands/command.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/commands/metrics.h"
#include "pipeline/commands/report.h"
#include "pipeline/kafka/probe.h"
#include "pipeline/kafka/producer.h"
#include "pipeline/limits/sample.h"
#include "pipeline/stages/run.h"
#include "pipeline/stages/signals.h"
#include "pipeline/stages/source.h"
#include "pipeline/stages/store.h"

#define WORKERS_MAX 64
#define JOIN_US 2000
#define TICK_US 10000
#define ENDS_NS UINT64_C(2500000000)
#define STATUS_TICKS 50

struct job {
	struct run run;
	struct probe probe;
	struct sample sample;
	struct store store;
	struct producer *producer;
	struct metrics *metrics;
	uint64_t begun_ns, given_up;
	char dlq_topic[256];
	pthread_t poller, workers[WORKERS_MAX], sink, ends, maker;
	bool threads, made;       /* started */
	bool ends_wait;           /* the thread did not end */
	_Atomic bool maker_ended; /* by the producer's thread */
};

/* Offsets of the embedded broker start at 0: the position is the count. */
static uint64_t consumed(void *with, int32_t id)
{
	struct run *run = with;
	struct partition *p = partitions_at(run->partitions, id);
	int64_t at = atomic_load_explicit(&p->position, memory_order_relaxed);

	return at > 0 ? (uint64_t)at : 0;
}

static int open_broker(struct job *job)
{
	const struct options *o = job->run.options;
	struct producer_conf conf = command_messages(o, job->run.dlq_topic);

	conf.thrifty = o->memory != 0;
	conf.drained = consumed;
	conf.with = &job->run;
	conf.sent = &job->run.stats.produced;
	job->run.brokers = o->broker;
	if (!o->embedded)
		return 0;
	job->producer = producer_open(&conf);
	if (job->producer == NULL)
		return EXIT_INPUT;
	job->run.brokers = producer_brokers(job->producer);
	return 0;
}

/* What messages really are, unless the user knows better. Our own producer makes the
 * embedded broker's. */
static unsigned look_at_topic(struct job *job)
{
	const struct options *o = job->run.options;
	struct sample *s = &job->sample;
	char text[UNITS_TEXT_MAX];
	uint64_t mean;

	if (o->embedded)
		return o->payload;
	sample_topic(s, job->run.brokers, o->topic, job->probe.partitions);
	memory_trim();
	if (s->n == 0)
		return o->payload;
	mean = s->bytes / s->messages;
	say_note("topic %s: messages of %llu bytes in batches of %s", o->topic,
		 (unsigned long long)mean, units_bytes_text(text, sample_usual_batch(s)));
	if (o->payload_given)
		return o->payload;
	return mean < 1 ? 1 : (unsigned)mean;
}

static int derive_limits(struct job *job)
{
	const struct options *o = job->run.options;
	size_t resident = memory_resident(); /* what the look needs is given back */
	unsigned payload = look_at_topic(job);
	struct limits_ask ask = {
		.memory = o->memory,
		.resident = resident,
		.queue = o->queue,
		.batch = o->batch,
		.payload = payload,
		.partitions = job->probe.partitions,
		.brokers = job->probe.brokers,
		.embedded = o->embedded,
		.stores = sink_stores(o->sink),
		.sample = &job->sample,
	};
	char have[UNITS_TEXT_MAX], need[UNITS_TEXT_MAX];

	if (limits_derive(&ask, &job->run.limits) == 0) {
		limits_say(&job->run.limits);
		return 0;
	}
	say_error("--memory %s: %u partitions need at least %s; give more memory or "
		  "consume fewer partitions",
		  units_bytes_text(have, o->memory), job->probe.partitions,
		  units_bytes_text(need, job->run.limits.total));
	return EXIT_USAGE;
}

static int open_sink(struct job *job)
{
	const struct options *o = job->run.options;
	struct sink_where where = {
		.uri = o->sink,
		.cluster = job->probe.cluster,
		.topic = o->topic,
		.cache = job->run.limits.sink_cache,
		.partitions = job->probe.partitions,
		.chaos = o->chaos,
		.stop = signals_any,
	};

	if (job->probe.partitions > SINK_PARTITION_MAX + 1) {
		say_error("topic %s: %u partitions, but a sink keys at most %d", o->topic,
			  job->probe.partitions, SINK_PARTITION_MAX + 1);
		return EXIT_INPUT;
	}
	job->run.sink = sink_open(&where);
	return job->run.sink == NULL ? EXIT_INPUT : 0;
}

static int open_stages(struct job *job)
{
	struct run *run = &job->run;
	int r;

	run->partitions = partitions_new(run->options->topic, job->probe.partitions);
	run->belt = belt_new(run->limits.slots, run->limits.batch,
			     run->limits.inflight_bytes, run->limits.arena_bytes);
	if (run->partitions == NULL || run->belt == NULL ||
	    store_init(&job->store, run)) {
		say_error("out of memory at the start; give a smaller --queue");
		return EXIT_INPUT;
	}
	r = source_open(run);
	if (r == 0 && run->options->metrics != NULL) {
		job->metrics = metrics_open(run->options->metrics, run);
		r = job->metrics == NULL ? EXIT_INPUT : 0;
	}
	return r;
}

/* A mock cluster's id may repeat, and its offsets start at 0 again each time. */
static int name_embedded(struct job *job)
{
	if (job->producer != NULL)
		snprintf(job->probe.cluster, sizeof(job->probe.cluster),
			 "embedded-%d-%llu", getpid(),
			 (unsigned long long)units_now_ns());
	return 0;
}

static int open_all(struct job *job)
{
	int r;

	if (job->run.options->metrics != NULL && metrics_load() != 0)
		return EXIT_INPUT;
	if ((r = open_broker(job)) != 0 ||
	    (r = probe_topic(&job->probe, job->run.brokers, job->run.options->topic,
			     signals_any)) != 0 ||
	    (r = name_embedded(job)) != 0 || (r = derive_limits(job)) != 0 ||
	    (r = open_sink(job)) != 0)
		return r;
	return open_stages(job);
}

static void *maker_thread(void *with)
{
	struct job *job = with;
	uint64_t sent;

	/* sending begins when the consumer has its partitions: joining a group
	 * takes seconds, and they are no part of the pace */
	while (stats_read(&job->run.stats.rebalances) == 0 && !run_stopping(&job->run))
		usleep(TICK_US);
	sent = producer_run(job->producer);
	atomic_store_explicit(&job->run.target, sent, memory_order_relaxed);
	atomic_store_explicit(&job->maker_ended, true, memory_order_relaxed);
	return NULL;
}

static void start_threads(struct job *job)
{
	struct run *run = &job->run;

	job->threads = true;
	job->begun_ns = units_now_ns();
	pthread_create(&job->sink, NULL, store_thread, &job->store);
	for (unsigned i = 0; i < run->options->workers; i++)
		pthread_create(&job->workers[i], NULL, worker_thread, run);
	pthread_create(&job->ends, NULL, ends_thread, run);
	pthread_create(&job->poller, NULL, source_thread, run);
	if (job->producer != NULL) {
		job->made = true;
		pthread_create(&job->maker, NULL, maker_thread, job);
	}
}

/* A question for the end of a log lasts up to a minute when no broker is there. */
static void join_ends(struct job *job)
{
	uint64_t until = units_now_ns() + ENDS_NS;

	/* asked again and again: of the joins with a deadline one goes by the wall clock,
	 * and the other is unknown to ThreadSanitizer */
	while (pthread_tryjoin_np(job->ends, NULL) != 0) {
		job->ends_wait = units_now_ns() >= until;
		if (job->ends_wait)
			break;
		usleep(JOIN_US);
	}
	job->run.stuck |= job->ends_wait;
}

static void join_threads(struct job *job)
{
	if (!job->threads)
		return;
	pthread_join(job->poller, NULL);
	for (unsigned i = 0; i < job->run.options->workers; i++)
		pthread_join(job->workers[i], NULL);
	pthread_join(job->sink, NULL);
	run_stop(&job->run);
	join_ends(job);
	if (job->made) {
		producer_stop(job->producer);
		pthread_join(job->maker, NULL);
	}
}

static bool time_is_up(struct job *job)
{
	uint64_t first = stats_read(&job->run.stats.first_ns);
	uint64_t begun = first != 0 ? first : job->begun_ns;
	uint64_t limit = job->run.options->duration_us;

	/* with the embedded broker the producer has the clock */
	return limit != 0 && !job->made && units_now_ns() - begun > limit * 1000;
}

static bool all_consumed(struct job *job)
{
	return stats_read(&job->run.stats.consumed) + stats_read(&job->run.stats.lost) >=
	       atomic_load_explicit(&job->run.target, memory_order_relaxed);
}

/* Until the run is over or somebody ended it. */
static void watch(struct job *job)
{
	bool live = isatty(STDERR_FILENO) && !job->run.options->quiet;
	unsigned ticks = 0;

	while (!run_stopping(&job->run) && !all_consumed(job)) {
		usleep(TICK_US);
		if (time_is_up(job) || signals_any())
			run_stop(&job->run);
		if (live && ++ticks % STATUS_TICKS == 0)
			report_status(&job->run);
	}
	if (live && ticks >= STATUS_TICKS)
		fputc('\n', stderr);
	run_drain(&job->run); /* all consumed: the poller ends by itself */
}

static void close_all(struct job *job)
{
	metrics_close(job->metrics);
	if (job->run.partitions != NULL)
		source_close(&job->run);
}

static void free_all(struct job *job)
{
	store_done(&job->store);
	sink_close(job->run.sink);
	belt_free(job->run.belt);
	if (!job->ends_wait) /* it still looks at them, and the process ends */
		partitions_free(job->run.partitions);
	producer_close(job->producer);
}

/* The plan said what the run may take: compare. */
static void check_plan(struct run *run)
{
	char peak[UNITS_TEXT_MAX], budget[UNITS_TEXT_MAX];
	size_t most = memory_resident_peak();

	if (run->limits.memory != 0 && run->fault == NULL &&
	    most > run->limits.total + run->limits.total / 20)
		say_note("memory peaked at %s, more than 5 %% over the budget of %s; are "
			 "messages larger than --payload says?",
			 units_bytes_text(peak, most),
			 units_bytes_text(budget, run->limits.total));
}

/* Messages that were taken and not finished when the drain time was over. */
static uint64_t gave_up(const struct run *run)
{
	const struct stats *s = &run->stats;
	uint64_t finished = stats_read(&s->processed) + stats_read(&s->dead_lettered);

	if (run->fault != NULL || !run_given_up(run) ||
	    stats_read(&s->consumed) <= finished)
		return 0;
	return stats_read(&s->consumed) - finished;
}

static int verdict(struct job *job)
{
	struct run *run = &job->run;
	int failed = atomic_load_explicit(&run->failed, memory_order_relaxed);

	check_plan(run);
	if (failed != EXIT_FINE)
		return failed;
	if (job->given_up > 0) {
		say_error(
			"%llu messages in flight were given up; they are not stored and "
			"not acknowledged, and come again",
			(unsigned long long)job->given_up);
		return EXIT_FAILED;
	}
	if (stats_read(&run->stats.lost) > 0) {
		say_error("topic %s: %llu messages were gone before they could be read; "
			  "raise the topic's retention",
			  run->options->topic,
			  (unsigned long long)stats_read(&run->stats.lost));
		return EXIT_FAILED;
	}
	return EXIT_FINE;
}

static int choose_fault(struct job *job, struct options *o)
{
	if (o->fault == NULL)
		return 0;
	job->run.fault = fault_find(o->fault);
	if (job->run.fault == NULL) {
		say_error("--fault %s: no such fault; see heapring-pipeline faults",
			  o->fault);
		return EXIT_USAGE;
	}
	if (job->run.fault->tune != NULL)
		job->run.fault->tune(o);
	return 0;
}

int command_run(struct options *o)
{
	static struct job job; /* large: histograms and limits */
	int r;

	job.run.options = o;
	job.run.target = o->embedded || o->messages == 0 ? UINT64_MAX : o->messages;
	job.run.decode = decode_choose(o->encoding, o->decode);
	snprintf(job.dlq_topic, sizeof(job.dlq_topic), "%s%s",
		 o->dlq != NULL ? o->dlq : o->topic, o->dlq != NULL ? "" : ".dlq");
	job.run.dlq_topic = job.dlq_topic;
	r = choose_fault(&job, o);
	if (r != 0)
		return r;
	signals_catch();
	r = open_all(&job);
	memory_publish();
	if (r == 0) {
		start_threads(&job);
		watch(&job);
		join_threads(&job);
		job.given_up = gave_up(&job.run);
	}
	close_all(&job);
	if (r == 0) {
		if (o->summary_json)
			report_json(&job.run);
		else if (!o->quiet)
			report_text(&job.run);
		r = verdict(&job);
	}
	free_all(&job);
	return r;
}

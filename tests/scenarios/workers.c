/*
 * workers - threads, the queues between them, and what they open and show
 */
#include "tests/scenarios/scenario.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
	struct job *next;
	size_t bytes;
	char *body;
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job *head, **tail;
	uint32_t length, most;
	bool closed;
};

static struct queue incoming, outgoing;

static void queue_open(struct queue *queue, uint32_t most)
{
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->changed, NULL);
	queue->tail = &queue->head;
	queue->most = most;
}

static void queue_put(struct queue *queue, struct job *job)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->length >= queue->most && !queue->closed)
		pthread_cond_wait(&queue->changed, &queue->lock);
	job->next = NULL;
	*queue->tail = job;
	queue->tail = &job->next;
	queue->length++;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
}

static struct job *queue_take(struct queue *queue)
{
	struct job *job;

	pthread_mutex_lock(&queue->lock);
	while (queue->head == NULL && !queue->closed)
		pthread_cond_wait(&queue->changed, &queue->lock);
	job = queue->head;
	if (job != NULL) {
		queue->head = job->next;
		queue->length--;
		if (queue->head == NULL)
			queue->tail = &queue->head;
		pthread_cond_broadcast(&queue->changed);
	}
	pthread_mutex_unlock(&queue->lock);
	return job;
}

static void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
}

SCENARIO static struct job *make_job(void)
{
	struct job *job = calloc(1, sizeof(*job));

	job->bytes = 400 + scenario_random(1200);
	job->body = malloc(job->bytes);
	memset(job->body, 1, job->bytes);
	return job;
}

static void free_job(struct job *job)
{
	free(job->body);
	free(job);
}

static useconds_t work_time;

static void *work(void *unused)
{
	struct job *job;

	(void)unused;
	while ((job = queue_take(&incoming)) != NULL) {
		if (!incoming.closed)
			usleep(work_time);
		free_job(job);
	}
	return NULL;
}

/* two workers; what comes and what they can do is up to the caller */
static void produce(uint32_t most, double per_second, useconds_t each)
{
	pthread_t workers[2];

	work_time = each;
	queue_open(&incoming, most);
	for (int i = 0; i < 2; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	while (scenario_tick(per_second))
		queue_put(&incoming, make_job());
	queue_close(&incoming);
	for (int i = 0; i < 2; i++)
		pthread_join(workers[i], NULL);
}

/* killed as its time is over, so that the queue's end is not seen */
static void too_fast(double scale)
{
	pthread_t workers[2];

	work_time = 10000;
	queue_open(&incoming, UINT32_MAX);
	for (int i = 0; i < 2; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	while (scenario_tick(200 + 100 * scale))
		queue_put(&incoming, make_job());
	_exit(0);
}

static void bounded(double scale)
{
	(void)scale;
	produce(200, 400, 10000);
}

static void keeps_up(double scale)
{
	(void)scale;
	produce(UINT32_MAX, 150, 4000);
}

/* the parser hands on, the writer drops what it cannot store */
SCENARIO static char *encode_row(const struct job *job)
{
	char *row = malloc(job->bytes / 2);

	memset(row, 2, job->bytes / 2);
	return row;
}

static void *encode(void *unused)
{
	struct job *job;
	uint32_t count = 0;

	(void)unused;
	while ((job = queue_take(&incoming)) != NULL) {
		char *row = encode_row(job);

		if (count++ % 60 != 0)
			free(row);
		queue_put(&outgoing, job);
	}
	queue_close(&outgoing);
	return NULL;
}

static void *store(void *unused)
{
	struct job *job;

	(void)unused;
	while ((job = queue_take(&outgoing)) != NULL)
		free_job(job);
	return NULL;
}

static void three_stages(double scale)
{
	pthread_t encoder, writer;

	queue_open(&incoming, 100);
	queue_open(&outgoing, 100);
	pthread_create(&encoder, NULL, encode, NULL);
	pthread_create(&writer, NULL, store, NULL);
	while (scenario_tick(600 * scale))
		queue_put(&incoming, make_job());
	queue_close(&incoming);
	pthread_join(encoder, NULL);
	pthread_join(writer, NULL);
}

/* finished, and nobody waits for them */
static void *short_task(void *unused)
{
	free(scenario_use(malloc(500), 500));
	return unused;
}

SCENARIO static void start_task(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, short_task, NULL) != 0)
		abort();
}

static void not_joined(double scale)
{
	while (scenario_tick(10 * scale))
		start_task();
}

/* each waits for an answer that does not come */
static void *wait_for_answer(void *unused)
{
	free(scenario_use(malloc(500), 500));
	for (;;)
		pause();
	return unused;
}

SCENARIO static void watch_file(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_answer, NULL) == 0)
		pthread_detach(thread);
}

static void waiting_for_ever(double scale)
{
	while (scenario_tick(6 * scale))
		watch_file();
	_exit(0);
}

static void joined_each(double scale)
{
	while (scenario_tick(30 * scale)) {
		pthread_t thread;

		pthread_create(&thread, NULL, short_task, NULL);
		pthread_join(thread, NULL);
	}
}

/* results wait to be collected, and only every third is */
static struct job *results;
static pthread_mutex_t results_lock = PTHREAD_MUTEX_INITIALIZER;

SCENARIO static void keep_result(size_t bytes)
{
	struct job *result = calloc(1, sizeof(*result) + 64);

	result->bytes = bytes;
	pthread_mutex_lock(&results_lock);
	result->next = results;
	results = result;
	pthread_mutex_unlock(&results_lock);
}

static void *work_with_results(void *unused)
{
	struct job *job;

	(void)unused;
	while ((job = queue_take(&incoming)) != NULL) {
		keep_result(job->bytes);
		free_job(job);
	}
	return NULL;
}

static void collect(void)
{
	struct job *result;

	pthread_mutex_lock(&results_lock);
	result = results;
	results = result != NULL ? result->next : NULL;
	pthread_mutex_unlock(&results_lock);
	free(result);
}

static void not_collected(double scale)
{
	pthread_t workers[4];
	uint32_t count = 0;

	queue_open(&incoming, 64);
	for (int i = 0; i < 4; i++)
		pthread_create(&workers[i], NULL, work_with_results, NULL);
	while (scenario_tick(300 * scale)) {
		queue_put(&incoming, make_job());
		if (count++ % 3 == 0)
			collect();
	}
	_exit(0);
}

/* every worker has a scratch buffer and a small cache of its own */
static void *work_with_cache(void *unused)
{
	void *cache[100] = { NULL };
	uint32_t place = 0;
	struct job *job;

	while ((job = queue_take(&incoming)) != NULL) {
		free(cache[place % 100]);
		cache[place++ % 100] = scenario_use(malloc(job->bytes), job->bytes);
		free_job(job);
	}
	for (int i = 0; i < 100; i++)
		free(cache[i]);
	return unused;
}

static void own_caches(double scale)
{
	pthread_t workers[4];

	(void)scale;
	queue_open(&incoming, 64);
	for (int i = 0; i < 4; i++)
		pthread_create(&workers[i], NULL, work_with_cache, NULL);
	while (scenario_tick(500))
		queue_put(&incoming, make_job());
	_exit(0);
}

/* jobs come in bursts, of which the queue is empty before the next */
static void burst_queue(double scale)
{
	pthread_t workers[2];

	work_time = 2000;
	queue_open(&incoming, UINT32_MAX);
	for (int i = 0; i < 2; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	while (scenario_tick(1 / scale))
		for (uint32_t left = 100 + scenario_random(400); left > 0; left--)
			queue_put(&incoming, make_job());
	_exit(0);
}

/* each thread makes a context that its key's destructor would free, had it one */
static pthread_key_t context_key;

SCENARIO static void init_context(void)
{
	pthread_setspecific(context_key, scenario_use(calloc(1, 1500), 1500));
}

static void *thread_with_context(void *unused)
{
	init_context();
	free(scenario_use(malloc(300), 300));
	return unused;
}

static void thread_contexts(double scale)
{
	pthread_key_create(&context_key, NULL);
	while (scenario_tick(30 * scale)) {
		pthread_t thread;

		pthread_create(&thread, NULL, thread_with_context, NULL);
		pthread_join(thread, NULL);
	}
}

/* frames of a video: a few large buffers each */
static void frames(double scale)
{
	void *before = NULL;

	while (scenario_tick(25 * scale)) {
		void *frame = scenario_use(malloc(1920 * 1080), 1920 * 1080);

		free(scenario_use(malloc(640 * 360 * 4), 640 * 360 * 4));
		free(before);
		before = frame;
	}
	free(before);
}

/* a log file of its own for each customer, opened and not closed */
SCENARIO static FILE *open_report(void)
{
	FILE *file = fopen("/dev/null", "w");

	if (file != NULL)
		fputs("customer\n", file);
	return file;
}

static void not_closed(double scale)
{
	while (scenario_tick(40 * scale))
		open_report();
}

static const struct scenario SCENARIOS[] = {
	{ "too-fast", too_fast },
	{ "bounded", bounded },
	{ "keeps-up", keeps_up },
	{ "three-stages", three_stages },
	{ "not-joined", not_joined },
	{ "waiting-for-ever", waiting_for_ever },
	{ "joined-each", joined_each },
	{ "not-collected", not_collected },
	{ "own-caches", own_caches },
	{ "burst-queue", burst_queue },
	{ "thread-contexts", thread_contexts },
	{ "frames", frames },
	{ "not-closed", not_closed },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, SCENARIOS);
}

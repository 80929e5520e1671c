#include "analyzer/serve/http_queue.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <utlist.h>

#include "analyzer/machine/clock.h"
#include "analyzer/serve/http_request.h"

struct http_queue {
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct http_request *ready, *later;
	unsigned ready_count, later_count;
	unsigned pending; /* put and not answered */
	bool ending;
};

static struct http_request *first_due(struct http_queue *queue)
{
	struct http_request *first = NULL, *request;

	DL_FOREACH(queue->later, request)
	{
		if (!first || request->due_ms < first->due_ms)
			first = request;
	}
	return first;
}

static void take_ready(struct http_queue *queue, struct http_request *request)
{
	DL_DELETE(queue->ready, request);
	queue->ready_count--;
}

/* Those for the same will have its answer: it is found after they asked. */
static void take_twins(struct http_queue *queue, struct http_request *request)
{
	struct http_request *other, *next;

	DL_FOREACH_SAFE(queue->ready, other, next)
	{
		if (!http_request_is_same(request, other))
			continue;
		take_ready(queue, other);
		other->next = request->twins;
		request->twins = other;
	}
}

/* Takes a request that is to be handled now; NULL: none yet. */
static struct http_request *take(struct http_queue *queue)
{
	struct http_request *request = first_due(queue);

	if (request && (queue->ending || request->due_ms <= clock_ms())) {
		DL_DELETE(queue->later, request);
		queue->later_count--;
		return request;
	}
	request = queue->ready;
	if (request) {
		take_ready(queue, request);
		take_twins(queue, request);
	}
	return request;
}

static void wait_for_change(struct http_queue *queue)
{
	const struct http_request *due = first_due(queue);
	struct timespec until;

	if (!due) {
		pthread_cond_wait(&queue->changed, &queue->lock);
		return;
	}
	until.tv_sec = due->due_ms / 1000;
	until.tv_nsec = due->due_ms % 1000 * 1000000;
	pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
}

static void *work(void *arg)
{
	struct http_queue *queue = arg;
	struct http_request *request;
	bool ending;

	pthread_mutex_lock(&queue->lock);
	for (;;) {
		request = take(queue);
		ending = queue->ending;
		if (!request && ending && queue->pending == 0)
			break;
		if (!request) {
			wait_for_change(queue);
			continue;
		}
		pthread_mutex_unlock(&queue->lock);
		if (ending)
			http_answer_text(request, 503, "the server ends\n");
		else
			request->route->handle(queue->arg, request);
		pthread_mutex_lock(&queue->lock);
	}
	pthread_mutex_unlock(&queue->lock);
	return NULL;
}

struct http_queue *http_queue_new(void *arg)
{
	struct http_queue *queue = calloc(1, sizeof(*queue));
	pthread_condattr_t clock;

	if (!queue)
		return NULL;
	queue->arg = arg;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->changed, &clock);
	pthread_condattr_destroy(&clock);
	if (pthread_create(&queue->thread, NULL, work, queue) == 0)
		return queue;
	free(queue);
	return NULL;
}

void http_queue_end(struct http_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->ending = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
	pthread_join(queue->thread, NULL);
}

void http_queue_free(struct http_queue *queue)
{
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

bool http_queue_put(struct http_queue *queue, struct http_request *request)
{
	bool put;

	pthread_mutex_lock(&queue->lock);
	queue->pending++; /* refused or not, it will be answered */
	put = !queue->ending && queue->ready_count < HTTP_WAITING;
	if (put) {
		DL_APPEND(queue->ready, request);
		queue->ready_count++;
		pthread_cond_broadcast(&queue->changed);
	}
	pthread_mutex_unlock(&queue->lock);
	return put;
}

bool http_queue_put_later(struct http_queue *queue, struct http_request *request,
			  unsigned ms)
{
	bool put;

	pthread_mutex_lock(&queue->lock);
	put = !queue->ending && queue->later_count < HTTP_LATER;
	if (put) {
		request->due_ms = clock_ms() + ms;
		DL_APPEND(queue->later, request);
		queue->later_count++;
		pthread_cond_broadcast(&queue->changed);
	}
	pthread_mutex_unlock(&queue->lock);
	return put;
}

void http_queue_answered(struct http_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->pending--;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
}

bool http_queue_is_ending(struct http_queue *queue)
{
	bool ending;

	pthread_mutex_lock(&queue->lock);
	ending = queue->ending;
	pthread_mutex_unlock(&queue->lock);
	return ending;
}

/*
 * http_queue - the requests that wait for a handler, and the thread that calls it
 *
 * Contract
 *   - requests are handled in the order in which they came, those to be called
 *     again as soon as they are due;
 *   - what asks for the same as the one that is handled next goes with it;
 *   - at most HTTP_WAITING requests wait, at most HTTP_LATER for their time; what
 *     is refused stays the caller's;
 *   - a request that was put is pending until it is answered; http_queue_end()
 *     answers those that wait and returns when none is pending.
 */
#ifndef ANALYZER_SERVE_HTTP_QUEUE_H
#define ANALYZER_SERVE_HTTP_QUEUE_H

#include <stdbool.h>

struct http_queue;
struct http_request;

/* arg: for the handlers. NULL: no thread or no memory. */
struct http_queue *http_queue_new(void *arg);
void http_queue_end(struct http_queue *queue);
void http_queue_free(struct http_queue *queue);

bool http_queue_put(struct http_queue *queue, struct http_request *request);
bool http_queue_put_later(struct http_queue *queue, struct http_request *request,
			  unsigned ms);
void http_queue_answered(struct http_queue *queue);
bool http_queue_is_ending(struct http_queue *queue);

#endif

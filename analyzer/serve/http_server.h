/*
 * http_server - requests in, answers out, whoever the client is
 *
 * Contract
 *   - it listens at one address; methods are GET and HEAD, and POST where
 *     a route takes it; whom http_guard.h refuses never reaches a handler;
 *   - handlers run one at a time, on one thread, but for quick ones, which run on
 *     the network's thread and must not wait;
 *   - requests for the same that wait when a handler is called are answered by the
 *     one call, so that a crowd costs as much as one client;
 *   - a handler answers its request exactly once, there and then or later, from
 *     any thread, and does not touch the request afterwards; or it asks to be
 *     called again;
 *   - however many clients there are and whatever they do: connections, header
 *     and body sizes, waiting requests, answers in memory and every time are
 *     bounded (the limits below), and what is over a limit gets a status that
 *     says so.
 */
#ifndef ANALYZER_SERVE_HTTP_SERVER_H
#define ANALYZER_SERVE_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/serve/http_address.h"
#include "analyzer/serve/http_guard.h"

#define HTTP_CONNECTIONS 1024u
#define HTTP_HEADERS_MAX (16u << 10)
#define HTTP_BODY_MAX (1u << 20)
#define HTTP_BODIES 8u                /* requests with a body at a time */
#define HTTP_WAITING 64u              /* requests for the handlers' thread */
#define HTTP_LATER 16u                /* of them: that asked to be called again */
#define HTTP_ANSWERS_MAX (256u << 20) /* bytes of answers not yet taken */

struct http_server;
struct http_request;

typedef void http_handler(void *arg, struct http_request *request);

struct http_route {
	const char *path; /* NULL ends a table */
	http_handler *handle;
	bool quick;
	bool takes_post;
};

struct http_setup {
	struct http_address address;
	struct http_guard guard;
	const struct http_route *routes;
	const char *const *keys; /* those of queries that matter, NULL ends them */
	void *arg;
};

/* The setup has to stay. */
int http_server_start(const struct http_setup *setup, struct http_server **ret_server,
		      struct fault *fault);
unsigned http_server_port(const struct http_server *server);

/* Answers what waits with 503, waits for handlers that answer later. */
void http_server_stop(struct http_server *server);

/* The value of ?key=value, "" without one; NULL: the key is not there. */
const char *http_value(const struct http_request *request, const char *key);
/* What was posted, or the query's first key that is none of the setup's; not NULL. */
const char *http_payload(const struct http_request *request);

/* The body is taken over; it may be NULL when there was no memory for it. */
void http_answer(struct http_request *request, unsigned status, const char *type,
		 char *body, size_t length);
__attribute__((format(printf, 3, 4))) void
http_answer_text(struct http_request *request, unsigned status, const char *format, ...);
/* The name under which a browser saves the answer. */
void http_name_file(struct http_request *request, const char *name);

/*
 * The handler is called once more after so many milliseconds, with that state, which
 * is freed with the request. False: too many wait already; the request is not
 * answered.
 */
bool http_call_again(struct http_request *request, unsigned ms, void *state,
		     void (*free_state)(void *state));
void *http_state(const struct http_request *request);

/* True once the server is to stop: who works long on a request should end. */
bool http_is_stopping(const struct http_request *request);

#endif

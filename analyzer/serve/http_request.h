/*
 * http_request - one request, from its first header to the last byte of its answer
 *
 * For http_server.c and http_queue.c; handlers use http_server.h.
 */
#ifndef ANALYZER_SERVE_HTTP_REQUEST_H
#define ANALYZER_SERVE_HTTP_REQUEST_H

#include <stdint.h>

#include "analyzer/serve/http_server.h"

#define HTTP_VALUES_MAX 8u

struct MHD_Connection;
struct http_connection;
struct http_queue;

struct http_value {
	const char *key; /* one of the setup's */
	char *value;
};

/* What is sent: of one request, or of several for the same. */
struct http_body {
	_Atomic unsigned users;
	char *bytes;
	size_t length; /* counted in the server's answers */
};

struct http_request {
	struct http_request *next, *prev; /* in the queue */
	struct http_request *twins;       /* others for the same, by next */
	struct http_server *server;
	struct http_connection *connection;
	struct MHD_Connection *suspended; /* NULL: not */
	const struct http_route *route;   /* NULL: no such path */
	char *path;
	struct http_value values[HTTP_VALUES_MAX];
	unsigned values_count;
	bool is_post, is_too_large;
	bool has_body; /* counted in the server's bodies */
	char *payload; /* what was posted, or the query's first unknown key */
	size_t payload_length, payload_room;

	int64_t due_ms; /* when to be called again, 0: now */
	void *state;
	void (*free_state)(void *state);

	bool answered;
	unsigned status;
	char type[64], file_name[128];
	struct http_body *body;
};

struct http_request *http_request_new(struct http_server *server, const char *const *keys,
				      struct MHD_Connection *connection,
				      struct http_connection *where, const char *path,
				      bool is_post);
void http_request_free(struct http_request *request);

/* What is too large is not kept, and said so. False: no memory. */
bool http_request_append(struct http_request *request, const char *data, size_t length);

/* Would one answer do for both? */
bool http_request_is_same(const struct http_request *a, const struct http_request *b);

/* Of http_server.c: false when too many bytes of answers wait for their clients. */
bool http_server_may_keep(struct http_server *server, size_t bytes);
void http_server_kept(struct http_server *server, size_t bytes);
struct http_queue *http_server_queue(const struct http_server *server);

#endif

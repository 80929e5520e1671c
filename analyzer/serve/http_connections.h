/*
 * http_connections - no client holds a connection for long without using it
 *
 * libmicrohttpd bounds how many connections there are and how long one is silent,
 * but a client that sends a byte now and then is never silent. Here each gets a
 * time for what it does, and is shut down when that is over; when connections are
 * scarce, those that have not even asked get much less.
 *
 * Contract
 *   - asking (from the accept, or the end of the last answer, to the end of the
 *     request) may take HTTP_ASK_MS, or HTTP_ASK_SCARCE_MS when more than half of
 *     the connections are taken; taking the answer HTTP_TAKE_MS; the time that the
 *     server works does not count;
 *   - all functions may be called from any thread.
 */
#ifndef ANALYZER_SERVE_HTTP_CONNECTIONS_H
#define ANALYZER_SERVE_HTTP_CONNECTIONS_H

#include <stdbool.h>

#define HTTP_ASK_MS 10000
#define HTTP_ASK_SCARCE_MS 1000
#define HTTP_TAKE_MS 60000

enum http_doing {
	HTTP_ASKING,
	HTTP_WORKING,
	HTTP_TAKING,
};

struct http_connection;
struct http_connections;

/* limit: how many there may be. NULL without memory. */
struct http_connections *http_connections_new(unsigned limit);
/* Every connection must have been removed. */
void http_connections_free(struct http_connections *connections);

/* The descriptor stays the caller's, who removes it before closing. */
struct http_connection *http_connections_add(struct http_connections *connections,
					     int fd);
void http_connections_remove(struct http_connections *connections,
			     struct http_connection *connection);

void http_connection_does(struct http_connections *connections,
			  struct http_connection *connection, enum http_doing doing);

#endif

/*
 * http_guard - whom the server answers
 *
 * A page of any web site can make a browser ask 127.0.0.1, and by pointing its
 * own name there (DNS rebinding) it could read the answer. Such a request names
 * the site in its Host header; a name that is not ours is refused.
 *
 * Contract
 *   - a Host is ours when it is an IP address, localhost, or one of the names that
 *     were given, with any port; HTTP/1.0 may leave it out;
 *   - an Origin, where there is one, has to be ours too;
 *   - with a token, it has to be there as `Authorization: Bearer TOKEN`, or as the
 *     password of basic authentication, which browsers and pprof can send; how
 *     long comparing takes tells nothing of the token.
 */
#ifndef ANALYZER_SERVE_HTTP_GUARD_H
#define ANALYZER_SERVE_HTTP_GUARD_H

#include <stdbool.h>

#include "analyzer/console/fault.h"

#define HTTP_TOKEN_MIN 16u
#define HTTP_TOKEN_MAX 512u

struct http_guard {
	const char *names; /* host names besides localhost, commas between; NULL none */
	char token[HTTP_TOKEN_MAX]; /* "": none */
};

/* A header's value; NULL: it was not sent. */
bool http_guard_host(const struct http_guard *guard, const char *host, bool may_lack);
bool http_guard_origin(const struct http_guard *guard, const char *origin);
bool http_guard_token(const struct http_guard *guard, const char *authorization,
		      const char *password);

/* From the file, or NULL: from $HEAPRING_TOKEN, which may be unset. */
int http_guard_read_token(struct http_guard *guard, const char *file,
			  struct fault *fault);

#endif

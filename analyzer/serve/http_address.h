/*
 * http_address - where to listen: "127.0.0.1:6060", "[::1]:6060", "localhost:0"
 */
#ifndef ANALYZER_SERVE_HTTP_ADDRESS_H
#define ANALYZER_SERVE_HTTP_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "analyzer/console/fault.h"

struct http_address {
	char host[256]; /* as it was written, without brackets; "" any */
	struct sockaddr_storage socket;
	socklen_t length;
};

/* Asks no name server but for names that are no addresses. */
int http_address_parse(const char *text, struct http_address *ret_address,
		       struct fault *fault);

/* Can only this machine reach it? */
bool http_address_is_loopback(const struct http_address *address);

#endif

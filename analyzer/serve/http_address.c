#include "analyzer/serve/http_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int wrong(const char *text, struct fault *fault)
{
	return fault_set(fault, FAULT_USAGE, -EINVAL,
			 "`%s` is no address to listen at; give HOST:PORT, as in "
			 "127.0.0.1:6060 or [::1]:6060",
			 text);
}

/* Parts "[::1]:80" and "host:80"; the port is what follows the last colon. */
static bool part(const char *text, char *host, size_t room, const char **ret_port)
{
	const char *colon = strrchr(text, ':'), *from = text;
	size_t length;
	char *end;

	if (!colon || !colon[1])
		return false;
	length = (size_t)(colon - text);
	if (*text == '[') {
		if (length < 2 || text[length - 1] != ']')
			return false;
		from++;
		length -= 2;
	}
	if (length >= room || strtoul(colon + 1, &end, 10) > 65535 || *end)
		return false;
	memcpy(host, from, length);
	host[length] = '\0';
	*ret_port = colon + 1;
	return true;
}

int http_address_parse(const char *text, struct http_address *ret_address,
		       struct fault *fault)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found;
	const char *port;
	int r;

	if (!part(text, ret_address->host, sizeof(ret_address->host), &port))
		return wrong(text, fault);
	r = getaddrinfo(*ret_address->host ? ret_address->host : NULL, port, &hints,
			&found);
	if (r != 0)
		return fault_set(fault, FAULT_USAGE, -EINVAL, "cannot listen at %s: %s",
				 text, gai_strerror(r));
	memcpy(&ret_address->socket, found->ai_addr, found->ai_addrlen);
	ret_address->length = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

bool http_address_is_loopback(const struct http_address *address)
{
	const struct sockaddr_in *v4 = (const void *)&address->socket;
	const struct sockaddr_in6 *v6 = (const void *)&address->socket;

	if (address->socket.ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return address->socket.ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

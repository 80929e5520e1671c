#include "analyzer/serve/http_guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The name without its port and brackets; false when it is none. */
static bool name_of(const char *host, char *name, size_t room)
{
	const char *end = *host == '[' ? strchr(host, ']') : host + strcspn(host, ":");
	const char *from = *host == '[' ? host + 1 : host, *port;
	size_t length = end ? (size_t)(end - from) : 0;

	if (length == 0 || length >= room)
		return false;
	memcpy(name, from, length);
	name[length] = '\0';
	port = *host == '[' ? end + 1 : end;
	return *port == '\0' ||
	       (*port == ':' && strspn(port + 1, "0123456789") == strlen(port + 1));
}

static bool is_address(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

static bool is_listed(const char *names, const char *name)
{
	size_t length = strlen(name), n;

	for (; names && *names; names += n + (names[n] == ',')) {
		n = strcspn(names, ",");
		if (n == length && strncasecmp(names, name, n) == 0)
			return true;
	}
	return false;
}

bool http_guard_host(const struct http_guard *guard, const char *host, bool may_lack)
{
	char name[256];

	if (!host)
		return may_lack;
	return name_of(host, name, sizeof(name)) &&
	       (is_address(name) || strcasecmp(name, "localhost") == 0 ||
		is_listed(guard->names, name));
}

/* "null", which a sandboxed frame sends, is nobody's. */
bool http_guard_origin(const struct http_guard *guard, const char *origin)
{
	const char *host;

	if (!origin)
		return true;
	host = strstr(origin, "://");
	return host && http_guard_host(guard, host + 3, false);
}

/* Always looks at every byte of the longest token. */
static bool is_same(const char *token, const char *given)
{
	size_t length = strlen(given);
	unsigned char differs = strlen(token) != length;

	for (size_t i = 0; i < HTTP_TOKEN_MAX; i++)
		differs |= (unsigned char)(token[i] ^ (i < length ? given[i] : 0));
	return differs == 0;
}

bool http_guard_token(const struct http_guard *guard, const char *authorization,
		      const char *password)
{
	if (!*guard->token)
		return true;
	if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
		return is_same(guard->token, authorization + 7);
	return password && is_same(guard->token, password);
}

static int read_file(struct http_guard *guard, const char *file, struct fault *fault)
{
	FILE *stream = fopen(file, "re");
	size_t got;

	if (!stream)
		return fault_set(fault, FAULT_USAGE, -errno,
				 "cannot read the token of %s: %s", file,
				 strerror(errno));
	got = fread(guard->token, 1, sizeof(guard->token) - 1, stream);
	fclose(stream);
	memset(guard->token + got, 0, sizeof(guard->token) - got);
	guard->token[strcspn(guard->token, "\r\n")] = '\0';
	return 0;
}

int http_guard_read_token(struct http_guard *guard, const char *file, struct fault *fault)
{
	const char *variable = getenv("HEAPRING_TOKEN");
	int r = 0;

	memset(guard->token, 0, sizeof(guard->token));
	if (!file && (!variable || !*variable))
		return 0;
	if (file)
		r = read_file(guard, file, fault);
	else if (strlen(variable) < sizeof(guard->token))
		strcpy(guard->token, variable);
	if (r == 0 && (strlen(guard->token) < HTTP_TOKEN_MIN ||
		       strlen(guard->token) > HTTP_TOKEN_MAX - 2))
		r = fault_set(fault, FAULT_USAGE, -EINVAL,
			      "the token of %s needs %u to %u characters; `openssl rand "
			      "-hex 32` makes a good one",
			      file ? file : "HEAPRING_TOKEN", HTTP_TOKEN_MIN,
			      HTTP_TOKEN_MAX - 2);
	return r;
}

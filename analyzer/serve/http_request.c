#include "analyzer/serve/http_request.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/serve/http_queue.h"

struct keeping {
	struct http_request *request;
	const char *const *keys;
};

static const char *known_key(const char *const *keys, const char *key)
{
	while (*keys && strcmp(*keys, key) != 0)
		keys++;
	return *keys;
}

static enum MHD_Result keep_value(void *arg, enum MHD_ValueKind kind, const char *key,
				  const char *value)
{
	const struct keeping *keeping = arg;
	struct http_request *request = keeping->request;
	struct http_value *kept = &request->values[request->values_count];
	const char *known = known_key(keeping->keys, key);

	if (!known && !request->payload && !request->is_post)
		request->payload = strdup(key);
	if (!known || http_value(request, key))
		return MHD_YES;
	if (request->values_count == HTTP_VALUES_MAX)
		return MHD_NO;
	kept->key = known;
	kept->value = strdup(value ? value : "");
	request->values_count += kept->value != NULL;
	return MHD_YES;
}

struct http_request *http_request_new(struct http_server *server, const char *const *keys,
				      struct MHD_Connection *connection,
				      struct http_connection *where, const char *path,
				      bool is_post)
{
	struct http_request *request = calloc(1, sizeof(*request));
	struct keeping keeping = { request, keys };

	if (!request)
		return NULL;
	request->server = server;
	request->connection = where;
	request->is_post = is_post;
	request->path = strdup(path);
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, keep_value,
				  &keeping);
	if (request->path)
		return request;
	http_request_free(request);
	return NULL;
}

static void drop_body(struct http_server *server, struct http_body *body)
{
	if (!body || atomic_fetch_sub(&body->users, 1) > 1)
		return;
	http_server_kept(server, body->length);
	free(body->bytes);
	free(body);
}

void http_request_free(struct http_request *request)
{
	for (unsigned i = 0; i < request->values_count; i++)
		free(request->values[i].value);
	if (request->state)
		request->free_state(request->state);
	drop_body(request->server, request->body);
	free(request->payload);
	free(request->path);
	free(request);
}

bool http_request_is_same(const struct http_request *a, const struct http_request *b)
{
	if (a->route != b->route || a->values_count != b->values_count ||
	    strcmp(http_payload(a), http_payload(b)) != 0)
		return false;
	for (unsigned i = 0; i < a->values_count; i++) {
		const char *other = http_value(b, a->values[i].key);

		if (!other || strcmp(other, a->values[i].value) != 0)
			return false;
	}
	return true;
}

bool http_request_append(struct http_request *request, const char *data, size_t length)
{
	size_t needed = request->payload_length + length + 1;

	if (needed > HTTP_BODY_MAX)
		request->is_too_large = true;
	if (request->is_too_large)
		return true;
	if (needed > request->payload_room) {
		char *grown = realloc(request->payload, needed * 2);

		if (!grown)
			return false;
		request->payload = grown;
		request->payload_room = needed * 2;
	}
	memcpy(request->payload + request->payload_length, data, length);
	request->payload_length += length;
	request->payload[request->payload_length] = '\0';
	return true;
}

const char *http_value(const struct http_request *request, const char *key)
{
	for (unsigned i = 0; i < request->values_count; i++)
		if (strcmp(request->values[i].key, key) == 0)
			return request->values[i].value;
	return NULL;
}

const char *http_payload(const struct http_request *request)
{
	return request->payload ? request->payload : "";
}

/* NULL: no memory, or too much of it waits to be sent. */
static struct http_body *make_body(struct http_server *server, char *bytes, size_t length)
{
	struct http_body *body = bytes ? calloc(1, sizeof(*body)) : NULL;

	if (!body || !http_server_may_keep(server, length)) {
		free(body);
		free(bytes);
		return NULL;
	}
	body->users = 1;
	body->bytes = bytes;
	body->length = length;
	return body;
}

/* The body's users count this request already. */
static void give(struct http_request *request, unsigned status, const char *type,
		 struct http_body *body)
{
	struct MHD_Connection *suspended = request->suspended;
	struct http_queue *queue = http_server_queue(request->server);

	request->status = status;
	snprintf(request->type, sizeof(request->type), "%s", type);
	request->body = body;
	request->answered = true;
	if (!suspended)
		return;
	MHD_resume_connection(suspended); /* from here it is the network's */
	http_queue_answered(queue);
}

void http_answer(struct http_request *request, unsigned status, const char *type,
		 char *bytes, size_t length)
{
	struct http_body *body = make_body(request->server, bytes, length);
	struct http_request *twin = request->twins, *next;

	if (!body)
		status = 503;
	for (; twin; twin = next) {
		next = twin->next;
		memcpy(twin->file_name, request->file_name, sizeof(twin->file_name));
		if (body)
			atomic_fetch_add(&body->users, 1);
		give(twin, status, type, body);
	}
	give(request, status, type, body);
}

void http_answer_text(struct http_request *request, unsigned status, const char *format,
		      ...)
{
	char *body = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&body, format, args);
	va_end(args);
	http_answer(request, status, "text/plain; charset=utf-8",
		    length < 0 ? NULL : body, length < 0 ? 0 : (size_t)length);
}

void http_name_file(struct http_request *request, const char *name)
{
	snprintf(request->file_name, sizeof(request->file_name),
		 "attachment; filename=\"%s\"", name);
}

void *http_state(const struct http_request *request)
{
	return request->state;
}

bool http_call_again(struct http_request *request, unsigned ms, void *state,
		     void (*free_state)(void *state))
{
	request->state = state;
	request->free_state = free_state;
	return http_queue_put_later(http_server_queue(request->server), request, ms);
}

bool http_is_stopping(const struct http_request *request)
{
	return http_queue_is_ending(http_server_queue(request->server));
}

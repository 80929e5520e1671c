#include "analyzer/http_request.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/http_queue.h"

static enum MHD_Result keep_value(void *arg, enum MHD_ValueKind kind, const char *key,
				  const char *value)
{
	struct http_request *request = arg;
	struct http_value *kept = &request->values[request->values_count];

	if (request->values_count == HTTP_VALUES_MAX)
		return MHD_NO;
	kept->key = strdup(key);
	kept->value = strdup(value ? value : "");
	request->values_count++;
	return kept->key && kept->value ? MHD_YES : MHD_NO;
}

struct http_request *http_request_new(struct http_server *server,
				      struct MHD_Connection *connection,
				      struct http_connection *where, const char *path)
{
	struct http_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->server = server;
	request->connection = where;
	request->path = strdup(path);
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, keep_value, request);
	if (request->path)
		return request;
	http_request_free(request);
	return NULL;
}

void http_request_free(struct http_request *request)
{
	for (unsigned i = 0; i < request->values_count; i++) {
		free(request->values[i].key);
		free(request->values[i].value);
	}
	if (request->state)
		request->free_state(request->state);
	free(request->payload);
	free(request->path);
	free(request->body);
	free(request);
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

const char *http_path(const struct http_request *request)
{
	return request->path;
}

const char *http_value(const struct http_request *request, const char *key)
{
	for (unsigned i = 0; i < request->values_count; i++)
		if (request->values[i].key && strcmp(request->values[i].key, key) == 0)
			return request->values[i].value;
	return NULL;
}

const char *http_payload(const struct http_request *request)
{
	if (request->payload)
		return request->payload;
	return request->values_count > 0 && request->values[0].key
		       ? request->values[0].key
		       : "";
}

void http_answer(struct http_request *request, unsigned status, const char *type,
		 char *body, size_t length)
{
	static const char busy[] = "no memory for the answer; try again\n";
	struct MHD_Connection *suspended = request->suspended;
	struct http_queue *queue = http_server_queue(request->server);

	if (!body || !http_server_may_keep(request->server, length)) {
		free(body);
		body = strdup(busy);
		length = body && http_server_may_keep(request->server, strlen(busy))
				 ? strlen(busy)
				 : 0;
		status = MHD_HTTP_SERVICE_UNAVAILABLE;
		type = "text/plain; charset=utf-8";
	}
	request->status = status;
	snprintf(request->type, sizeof(request->type), "%s", type);
	request->body = body;
	request->length = length;
	request->answered = true;
	if (!suspended)
		return;
	MHD_resume_connection(suspended); /* from here it is the network's */
	http_queue_answered(queue);
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

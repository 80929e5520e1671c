/*
 * http_server - requests in, answers out, whoever the client is
 *
 * Two threads: libmicrohttpd's, which does the network, and the one on which the
 * handlers run. A request that is complete is suspended, which takes it from the
 * network's thread, and resumed by its answer; in between it belongs to whoever
 * works on it.
 */
#include "analyzer/serve/http_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/serve/http_connections.h"
#include "analyzer/serve/http_queue.h"
#include "analyzer/serve/http_request.h"

#define LAST_ANSWERS_MS 2000

struct http_server {
	const struct http_setup *setup;
	struct MHD_Daemon *daemon;
	struct http_connections *connections;
	struct http_queue *queue;
	unsigned bodies; /* network's thread only */
	_Atomic size_t answers;
};

static const char page_policy[] =
	"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
	"img-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
	"form-action 'none'";

static enum MHD_Result send_answer(struct MHD_Connection *connection,
				   struct http_request *request)
{
	static char busy[] = "no memory for the answer; try again\n";
	bool is_page = strncmp(request->type, "text/html", 9) == 0;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		request->body ? request->body->length : strlen(busy),
		request->body ? request->body->bytes : busy, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", request->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (is_page)
		MHD_add_response_header(response, "Content-Security-Policy", page_policy);
	if (*request->file_name)
		MHD_add_response_header(response, "Content-Disposition",
					request->file_name);
	if (request->status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate",
					"Basic realm=\"heapring\", Bearer");
	if (request->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	if (request->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, "Retry-After", "1");
	http_connection_does(request->server->connections, request->connection,
			     HTTP_TAKING);
	result = MHD_queue_response(connection, request->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection,
			      struct http_request *request, unsigned status,
			      const char *why)
{
	http_answer_text(request, status, "%s\n", why);
	return send_answer(connection, request);
}

static const struct http_route *find_route(const struct http_route *routes,
					   const char *path)
{
	for (; routes->path; routes++)
		if (strcmp(routes->path, path) == 0)
			return routes;
	return NULL;
}

static bool has_token(const struct http_guard *guard, struct MHD_Connection *connection,
		      const char *authorization)
{
	char *password = NULL, *user;
	bool has;

	user = MHD_basic_auth_get_username_password(connection, &password);
	has = http_guard_token(guard, authorization, password);
	MHD_free(user);
	MHD_free(password);
	return has;
}

/* Why the request is not to be looked at any further; NULL: it is. */
static const char *check(struct http_request *request, struct MHD_Connection *connection,
			 const char *method, const char *version, unsigned *ret_status)
{
	const struct http_guard *guard = &request->server->setup->guard;
	const char *host, *origin, *authorization;

	host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin");
	authorization =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
	*ret_status = MHD_HTTP_FORBIDDEN;
	if (!http_guard_host(guard, host, strcmp(version, "HTTP/1.0") == 0))
		return "this Host is not served here; use the IP address, or start serve "
		       "with --host NAME";
	if (!http_guard_origin(guard, origin))
		return "pages of other sites are not served";
	*ret_status = MHD_HTTP_UNAUTHORIZED;
	if (!has_token(guard, connection, authorization))
		return "a token is needed: `Authorization: Bearer TOKEN`, or the token "
		       "as "
		       "the password";
	*ret_status = MHD_HTTP_NOT_FOUND;
	if (!request->route)
		return "there is nothing here; / lists what there is";
	*ret_status = MHD_HTTP_METHOD_NOT_ALLOWED;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 &&
	    !(request->is_post && request->route->takes_post))
		return "only GET and HEAD: nothing here can be changed";
	*ret_status = MHD_HTTP_SERVICE_UNAVAILABLE;
	if (request->is_post && request->server->bodies == HTTP_BODIES)
		return "too many requests with a body at once";
	return NULL;
}

static enum MHD_Result begin(struct http_server *server,
			     struct MHD_Connection *connection, const char *path,
			     const char *method, const char *version, void **state)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_request *request;
	const char *why;
	unsigned status;

	if (!info || !info->socket_context)
		return MHD_NO;
	request =
		http_request_new(server, server->setup->keys, connection,
				 info->socket_context, path, strcmp(method, "POST") == 0);
	if (!request)
		return MHD_NO;
	*state = request;
	request->route = find_route(server->setup->routes, path);
	why = check(request, connection, method, version, &status);
	if (why)
		return refuse(connection, request, status, why);
	server->bodies += request->is_post;
	request->has_body = request->is_post;
	return MHD_YES;
}

/* The request is complete: to the handler with it. */
static enum MHD_Result dispatch(struct http_server *server,
				struct MHD_Connection *connection,
				struct http_request *request)
{
	http_connection_does(server->connections, request->connection, HTTP_WORKING);
	if (request->route->quick) {
		request->route->handle(server->setup->arg, request);
		return send_answer(connection, request);
	}
	MHD_suspend_connection(connection);
	request->suspended = connection;
	if (http_queue_put(server->queue, request))
		return MHD_YES;
	http_answer_text(request, MHD_HTTP_SERVICE_UNAVAILABLE,
			 "too many requests wait already; try again\n");
	return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
				  const char *path, const char *method,
				  const char *version, const char *data, size_t *length,
				  void **state)
{
	struct http_server *server = arg;
	struct http_request *request = *state;

	if (!request)
		return begin(server, connection, path, method, version, state);
	if (request->answered)
		return send_answer(connection, request);
	if (*length > 0) {
		bool kept = http_request_append(request, data, *length);

		*length = 0;
		return kept ? MHD_YES : MHD_NO;
	}
	if (request->is_too_large)
		return refuse(connection, request, MHD_HTTP_CONTENT_TOO_LARGE,
			      "the body is too large");
	return dispatch(server, connection, request);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode how)
{
	struct http_server *server = arg;
	struct http_request *request = *state;

	if (!request)
		return;
	server->bodies -= request->has_body;
	http_connection_does(server->connections, request->connection, HTTP_ASKING);
	http_request_free(request);
	*state = NULL;
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = arg;
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED && *context) {
		http_connections_remove(server->connections, *context);
		*context = NULL;
	}
	if (what != MHD_CONNECTION_NOTIFY_STARTED)
		return;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info)
		*context = http_connections_add(server->connections, info->connect_fd);
}

bool http_server_may_keep(struct http_server *server, size_t bytes)
{
	if (atomic_fetch_add(&server->answers, bytes) + bytes <= HTTP_ANSWERS_MAX)
		return true;
	http_server_kept(server, bytes);
	return false;
}

void http_server_kept(struct http_server *server, size_t bytes)
{
	atomic_fetch_sub(&server->answers, bytes);
}

struct http_queue *http_server_queue(const struct http_server *server)
{
	return server->queue;
}

/* A connection is a descriptor; what else is open needs some, too. */
static unsigned connections_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 128;
	if (files.rlim_cur < HTTP_CONNECTIONS + 256 && files.rlim_max > files.rlim_cur) {
		files.rlim_cur = files.rlim_max < HTTP_CONNECTIONS + 256
					 ? files.rlim_max
					 : HTTP_CONNECTIONS + 256;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (files.rlim_cur >= HTTP_CONNECTIONS + 256)
		return HTTP_CONNECTIONS;
	return (unsigned)files.rlim_cur / 2;
}

static void say_nothing(void *arg, const char *format, va_list args)
{
	/* clients' mistakes are theirs, and would fill a log */
}

static struct MHD_Daemon *start_daemon(struct http_server *server, unsigned limit)
{
	const struct http_setup *setup = server->setup;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG;

	if (setup->address.socket.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	return MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
		say_nothing, NULL, MHD_OPTION_SOCK_ADDR, &setup->address.socket,
		MHD_OPTION_LISTEN_BACKLOG_SIZE, HTTP_CONNECTIONS,
		MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_HEADERS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		HTTP_TAKE_MS / 1000u, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
}

int http_server_start(const struct http_setup *setup, struct http_server **ret_server,
		      struct fault *fault)
{
	struct http_server *server = calloc(1, sizeof(*server));
	unsigned limit = connections_limit();

	if (server) {
		server->setup = setup;
		server->connections = http_connections_new(limit);
		server->queue = http_queue_new(setup->arg);
	}
	if (!server || !server->connections || !server->queue) {
		http_server_stop(server);
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the server");
	}
	errno = 0;
	server->daemon = start_daemon(server, limit);
	if (!server->daemon) {
		int error = errno;

		http_server_stop(server);
		return fault_set(fault, FAULT_USAGE, error ? -error : -EINVAL,
				 "cannot listen at %s: %s",
				 *setup->address.host ? setup->address.host : "*",
				 error ? strerror(error) : "the server did not start");
	}
	*ret_server = server;
	return 0;
}

unsigned http_server_port(const struct http_server *server)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

/* Clients that are there get some time to take their last answer. */
static void stop_daemon(struct http_server *server)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int listening = MHD_quiesce_daemon(server->daemon);

	http_queue_end(server->queue);
	for (int i = 0; i < LAST_ANSWERS_MS / 20 && atomic_load(&server->answers); i++)
		nanosleep(&pause, NULL);
	MHD_stop_daemon(server->daemon);
	if (listening >= 0)
		close(listening);
}

void http_server_stop(struct http_server *server)
{
	if (!server)
		return;
	if (server->daemon)
		stop_daemon(server);
	else if (server->queue)
		http_queue_end(server->queue);
	if (server->queue)
		http_queue_free(server->queue);
	http_connections_free(server->connections);
	free(server);
}

/*
 * http_connections - no client holds a connection for long without using it
 *
 * A list under one lock, and a thread that looks through it four times a second.
 * shutdown() lets the server's own thread find the connection ended, so nothing
 * is closed under its feet.
 */
#include "analyzer/serve/http_connections.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <utlist.h>

#include "analyzer/machine/clock.h"

#define LOOK_MS 250

struct http_connection {
	struct http_connection *next, *prev;
	int fd;
	enum http_doing doing;
	int64_t since_ms;
};

struct http_connections {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	pthread_t thread;
	bool ending;
	struct http_connection *list;
	unsigned count, limit;
};

static int64_t may_take(const struct http_connections *connections, enum http_doing doing)
{
	if (doing == HTTP_WORKING)
		return INT64_MAX;
	if (doing == HTTP_TAKING)
		return HTTP_TAKE_MS;
	return connections->count > connections->limit / 2 ? HTTP_ASK_SCARCE_MS
							   : HTTP_ASK_MS;
}

static void end_slow_ones(struct http_connections *connections)
{
	int64_t now = clock_ms();
	struct http_connection *connection;

	DL_FOREACH(connections->list, connection)
	{
		if (now - connection->since_ms > may_take(connections, connection->doing))
			shutdown(connection->fd, SHUT_RDWR);
	}
}

static void *watch(void *arg)
{
	struct http_connections *connections = arg;

	pthread_mutex_lock(&connections->lock);
	while (!connections->ending) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += LOOK_MS * 1000000l;
		if (until.tv_nsec >= 1000000000l) {
			until.tv_nsec -= 1000000000l;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&connections->ended, &connections->lock, &until);
		end_slow_ones(connections);
	}
	pthread_mutex_unlock(&connections->lock);
	return NULL;
}

struct http_connections *http_connections_new(unsigned limit)
{
	struct http_connections *connections = calloc(1, sizeof(*connections));
	pthread_condattr_t clock;

	if (!connections)
		return NULL;
	connections->limit = limit;
	pthread_mutex_init(&connections->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&connections->ended, &clock);
	pthread_condattr_destroy(&clock);
	if (pthread_create(&connections->thread, NULL, watch, connections) == 0)
		return connections;
	free(connections);
	return NULL;
}

void http_connections_free(struct http_connections *connections)
{
	if (!connections)
		return;
	pthread_mutex_lock(&connections->lock);
	connections->ending = true;
	pthread_cond_signal(&connections->ended);
	pthread_mutex_unlock(&connections->lock);
	pthread_join(connections->thread, NULL);
	pthread_cond_destroy(&connections->ended);
	pthread_mutex_destroy(&connections->lock);
	free(connections);
}

struct http_connection *http_connections_add(struct http_connections *connections, int fd)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->fd = fd;
	connection->since_ms = clock_ms();
	pthread_mutex_lock(&connections->lock);
	DL_APPEND(connections->list, connection);
	connections->count++;
	pthread_mutex_unlock(&connections->lock);
	return connection;
}

void http_connections_remove(struct http_connections *connections,
			     struct http_connection *connection)
{
	pthread_mutex_lock(&connections->lock);
	DL_DELETE(connections->list, connection);
	connections->count--;
	pthread_mutex_unlock(&connections->lock);
	free(connection);
}

void http_connection_does(struct http_connections *connections,
			  struct http_connection *connection, enum http_doing doing)
{
	pthread_mutex_lock(&connections->lock);
	connection->doing = doing;
	connection->since_ms = clock_ms();
	pthread_mutex_unlock(&connections->lock);
}

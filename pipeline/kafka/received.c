/*
 * received - bytes that came over a client's connections, as the kernel counted them
 *
 * Broker threads close their connections themselves, so the sum is an atomic; it orders
 * nothing: relaxed. Who reads it has joined those threads in rd_kafka_destroy().
 */
#include "pipeline/kafka/received.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

static _Atomic uint64_t total;

static int count_and_close(int fd, void *opaque)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	(void)opaque;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
	    size >= offsetof(struct tcp_info, tcpi_bytes_received) +
			    sizeof(info.tcpi_bytes_received))
		atomic_fetch_add_explicit(&total, info.tcpi_bytes_received,
					  memory_order_relaxed);
	return close(fd);
}

void received_watch(rd_kafka_conf_t *conf)
{
	rd_kafka_conf_set_closesocket_cb(conf, count_and_close);
}

uint64_t received_total(void)
{
	return atomic_load_explicit(&total, memory_order_relaxed);
}

/*
 * received - bytes that came over a client's connections, as the kernel counted them
 *
 * librdkafka tells its own count once a second, in statistics that must be waited for:
 * what a run of half a second received is not in them, and a longer one's last second
 * neither.
 *
 * Contract
 *   - received_watch() before rd_kafka_new(): connections of that client are counted
 *     when librdkafka closes them;
 *   - received_total() is the sum of those closed so far, and is complete after
 *     rd_kafka_destroy(); 0 where the kernel does not count (TCP_INFO before Linux 4.1).
 */
#ifndef PIPELINE_RECEIVED_H
#define PIPELINE_RECEIVED_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

void received_watch(rd_kafka_conf_t *conf);
uint64_t received_total(void);

#endif

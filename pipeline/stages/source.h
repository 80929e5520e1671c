/*
 * source - the Kafka consumer
 *
 * Contract
 *   - source_open() makes the consumer within the run's limits and subscribes;
 *     on error it says one line and answers EXIT_INPUT;
 *   - only source_thread() polls, and the rebalance callback runs inside it;
 *   - source_flush() dispatches a batch that is being filled: the rebalance needs
 *     that before it can wait for the belt to drain;
 *   - source_close() commits what is done, leaves the group and destroys the
 *     consumer; call it after all stages have ended.
 */
#ifndef PIPELINE_SOURCE_H
#define PIPELINE_SOURCE_H

#include "pipeline/stages/run.h"

int source_open(struct run *run);
void source_flush(struct run *run);
void source_close(struct run *run);

/* eventfd that partition queues write to when they get messages. */
int source_wake_fd(void);

/* rebalance.c: the callback for rd_kafka_conf_set_rebalance_cb. */
void rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	       rd_kafka_topic_partition_list_t *list, void *opaque);

#endif

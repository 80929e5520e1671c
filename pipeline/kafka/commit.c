/*
 * commit - what a broker said of each offset of a commit
 *
 * rd_kafka_commit() would wait for as long as no broker is there, so the answer is waited
 * for on a queue of its own. It carries a copy of the list, which is read back into the
 * caller's. An answer that is late finds no queue and is dropped.
 */
#include "pipeline/kafka/commit.h"

#include <stdbool.h>

void commit_doubt(rd_kafka_topic_partition_list_t *offsets, rd_kafka_resp_err_t err)
{
	for (int i = 0; offsets != NULL && i < offsets->cnt; i++)
		if (offsets->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
			offsets->elems[i].err = err;
}

static void on_answer(rd_kafka_t *rk, rd_kafka_resp_err_t err,
		      rd_kafka_topic_partition_list_t *answered, void *opaque)
{
	rd_kafka_topic_partition_list_t *offsets = opaque;

	(void)rk;
	for (int i = 0; answered != NULL && i < answered->cnt; i++)
		rd_kafka_topic_partition_list_find(offsets, answered->elems[i].topic,
						   answered->elems[i].partition)
			->err = answered->elems[i].err;
	commit_doubt(offsets, err);
}

static rd_kafka_resp_err_t first_error(const rd_kafka_topic_partition_list_t *offsets)
{
	for (int i = 0; i < offsets->cnt; i++)
		if (offsets->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
			return offsets->elems[i].err;
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t commit_wait(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *offsets,
				int ms)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_resp_err_t err =
		rd_kafka_commit_queue(rk, offsets, queue, on_answer, offsets);
	bool asked = err == RD_KAFKA_RESP_ERR_NO_ERROR;

	commit_doubt(offsets, asked ? RD_KAFKA_RESP_ERR__TIMED_OUT : err);
	if (asked)
		rd_kafka_queue_poll_callback(queue, ms);
	rd_kafka_queue_destroy(queue);
	return first_error(offsets);
}

/*
 * commit - what a broker said of each offset of a commit
 *
 * Contract
 *   - commit_wait() commits and waits ms for the answer, no longer; afterwards an
 *     entry's err is 0 only if a broker took that offset, and what is returned is the
 *     err of one that was not taken: __TIMED_OUT for all of them when nobody answered;
 *   - commit_doubt() gives the error of a whole commit to each entry without its own.
 *     When one offset of several is refused, librdkafka says so of the whole: the others
 *     may have been taken, but nothing tells which.
 */
#ifndef PIPELINE_COMMIT_H
#define PIPELINE_COMMIT_H

#include <librdkafka/rdkafka.h>

rd_kafka_resp_err_t commit_wait(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *offsets,
				int ms);
void commit_doubt(rd_kafka_topic_partition_list_t *offsets, rd_kafka_resp_err_t err);

#endif

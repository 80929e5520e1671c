/*
 * test_commit - the contract in pipeline/kafka/commit.h
 *
 * librdkafka's mock cluster refuses an offset of a partition that it does not have, and
 * takes the others of the same commit.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "pipeline/kafka/commit.h"
#include "pipeline/kafka/no_log.h"

#define PARTITIONS 2
#define NOT_THERE 7
#define LONG_MS 30000
#define SHORT_MS 50
#define NOBODY "127.0.0.1:1"

static rd_kafka_t *open_client(const char *name, const char *value)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[128];

	rd_kafka_conf_set_log_cb(conf, no_log);
	/* how long a commit without a broker keeps the client */
	cr_assert(zero(i32, rd_kafka_conf_set(conf, "session.timeout.ms", "500", why,
					      sizeof(why))));
	cr_assert(zero(i32, rd_kafka_conf_set(conf, "group.id", "g", why, sizeof(why))));
	cr_assert(zero(i32, rd_kafka_conf_set(conf, name, value, why, sizeof(why))));
	return rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
}

static rd_kafka_t *open_mock(void)
{
	rd_kafka_t *rk = open_client("test.mock.num.brokers", "1");

	cr_assert(zero(i32, rd_kafka_mock_topic_create(rd_kafka_handle_mock_cluster(rk),
						       "t", PARTITIONS, 1)));
	return rk;
}

static rd_kafka_topic_partition_list_t *offsets_of(int32_t a, int32_t b)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);

	rd_kafka_topic_partition_list_add(list, "t", a)->offset = 100;
	rd_kafka_topic_partition_list_add(list, "t", b)->offset = 200;
	return list;
}

static int64_t group_stands_at(rd_kafka_t *rk, int32_t partition)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	int64_t offset;

	rd_kafka_topic_partition_list_add(list, "t", partition);
	cr_assert(zero(i32, rd_kafka_committed(rk, list, LONG_MS)));
	offset = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return offset;
}

Test(commit, what_was_taken_has_no_error)
{
	rd_kafka_topic_partition_list_t *list = offsets_of(0, 1);
	rd_kafka_t *rk = open_mock();

	cr_expect(eq(i32, commit_wait(rk, list, LONG_MS), RD_KAFKA_RESP_ERR_NO_ERROR));
	cr_expect(eq(i32, list->elems[0].err, RD_KAFKA_RESP_ERR_NO_ERROR));
	cr_expect(eq(i32, list->elems[1].err, RD_KAFKA_RESP_ERR_NO_ERROR));
	cr_expect(eq(i64, group_stands_at(rk, 1), 200));
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
}

Test(commit, of_a_commit_with_one_refused_offset_none_is_called_taken)
{
	rd_kafka_topic_partition_list_t *list = offsets_of(0, NOT_THERE);
	rd_kafka_t *rk = open_mock();

	cr_expect(eq(i32, commit_wait(rk, list, LONG_MS),
		     RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
	cr_expect(ne(i32, list->elems[0].err, RD_KAFKA_RESP_ERR_NO_ERROR), "in doubt");
	cr_expect(eq(i32, list->elems[1].err, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
	cr_expect(eq(i64, group_stands_at(rk, 0), 100), "though it was");
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
}

Test(commit, without_an_answer_nothing_is_called_taken)
{
	rd_kafka_topic_partition_list_t *list = offsets_of(0, 1);
	rd_kafka_t *rk = open_client("bootstrap.servers", NOBODY);

	cr_expect(eq(i32, commit_wait(rk, list, SHORT_MS), RD_KAFKA_RESP_ERR__TIMED_OUT));
	cr_expect(eq(i32, list->elems[0].err, RD_KAFKA_RESP_ERR__TIMED_OUT));
	cr_expect(eq(i32, list->elems[1].err, RD_KAFKA_RESP_ERR__TIMED_OUT));
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
}

Test(commit, an_entry_keeps_the_error_of_its_own)
{
	rd_kafka_topic_partition_list_t *list = offsets_of(0, 1);

	list->elems[1].err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	commit_doubt(list, RD_KAFKA_RESP_ERR_NO_ERROR);
	cr_expect(eq(i32, list->elems[0].err, RD_KAFKA_RESP_ERR_NO_ERROR));
	commit_doubt(list, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
	cr_expect(eq(i32, list->elems[0].err, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION));
	cr_expect(eq(i32, list->elems[1].err, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
	rd_kafka_topic_partition_list_destroy(list);
}

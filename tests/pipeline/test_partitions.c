/*
 * test_partitions - the contract in pipeline/belt/partitions.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "pipeline/belt/partitions.h"

static void committed(struct partitions *t, int32_t id, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, "t", id)->offset = offset;
	partitions_committed(t, list);
	rd_kafka_topic_partition_list_destroy(list);
}

/* The group stands at offset; by has signed it. */
static void assign(struct partitions *t, int64_t offset, const char *by)
{
	rd_kafka_topic_partition_t group = { .offset = offset };

	group.metadata = (char *)by;
	group.metadata_size = by != NULL ? strlen(by) : 0;
	partitions_assign(t, NULL, &group);
}

/* What is stored up to offset goes to the broker. Caller frees its signature. */
static char *commit(struct partitions *t, int64_t from, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list;
	char *by;

	cr_assert(
		zero(i32, partitions_done(t, partitions_generation(t), 0, from, offset)));
	list = partitions_offsets(t, NULL);
	cr_assert(eq(i64, list->elems[0].offset, offset));
	by = strndup(list->elems[0].metadata, list->elems[0].metadata_size);
	rd_kafka_topic_partition_list_destroy(list);
	return by;
}

Test(partitions, a_topic_may_get_more_partitions_than_it_had)
{
	struct partitions *t = partitions_new("t", 4);

	cr_expect(eq(u32, partitions_count(t), 4));
	cr_expect(eq(ptr, partitions_at(t, 6), NULL));
	cr_assert(partitions_grow(t, 6));
	cr_expect(eq(u32, partitions_count(t), 7));
	cr_assert(ne(ptr, partitions_at(t, 6), NULL));
	cr_expect(eq(i64, partitions_at(t, 5)->position, -1));
	cr_expect(not(partitions_grow(t, 4 + PARTITIONS_SPARE)));
	cr_expect(not(partitions_grow(t, -1)));
	partitions_free(t);
}

Test(partitions, the_lag_is_from_the_committed_offset_to_the_end)
{
	struct partitions *t = partitions_new("t", 1);

	assign(t, 100, NULL);
	atomic_store(&partitions_at(t, 0)->high, 500);
	cr_expect(eq(u64, partitions_lag(t, 0), 400));
	committed(t, 0, 450);
	cr_expect(eq(u64, partitions_lag(t, 0), 50));
	partitions_free(t);
}

Test(partitions, what_another_member_owns_has_no_lag_here)
{
	struct partitions *t = partitions_new("t", 1);

	assign(t, 100, NULL);
	atomic_store(&partitions_at(t, 0)->high, 500);
	committed(t, 0, 450);
	partitions_revoke(t, 0);
	committed(t, 0, 460); /* an answer that was on its way */
	cr_expect(eq(u64, partitions_lag(t, 0), 0));
	cr_expect(eq(u64, partitions_committed_sum(t), 360), "what was committed counts");
	assign(t, 480, "another");
	committed(t, 0, 490);
	cr_expect(eq(u64, partitions_committed_sum(t), 370));
	partitions_free(t);
}

Test(partitions, a_commit_whose_answer_was_lost_counts_when_the_group_has_it)
{
	struct partitions *t = partitions_new("t", 1);
	char *signature;

	assign(t, 100, NULL);
	committed(t, 0, 200);
	signature = commit(t, 100, 450);
	partitions_revoke(t, 0);
	cr_expect(eq(u64, partitions_committed_sum(t), 100));
	assign(t, 450, signature);
	cr_expect(eq(u64, partitions_committed_sum(t), 350));
	committed(t, 0, 450);
	cr_expect(eq(u64, partitions_committed_sum(t), 350), "once");
	partitions_free(t);
	free(signature);
}

Test(partitions, what_another_member_committed_does_not_count)
{
	struct partitions *t = partitions_new("t", 1), *other = partitions_new("t", 1);
	char *mine, *theirs;

	assign(t, 100, NULL);
	mine = commit(t, 100, 450);
	partitions_revoke(t, 0);
	assign(other, 100, NULL);
	theirs = commit(other, 100, 300);
	assign(t, 300, theirs);
	cr_expect(eq(u64, partitions_committed_sum(t), 0));
	assign(t, 320, NULL);
	cr_expect(eq(u64, partitions_committed_sum(t), 0));
	assign(t, 400, mine);
	cr_expect(eq(u64, partitions_committed_sum(t), 80), "from 320 on");
	partitions_free(t);
	partitions_free(other);
	free(mine);
	free(theirs);
}

Test(partitions, without_a_group_offset_it_counts_from_the_first_message)
{
	struct partitions *t = partitions_new("t", 1);

	assign(t, RD_KAFKA_OFFSET_INVALID, NULL);
	partitions_begin(partitions_at(t, 0), 30);
	committed(t, 0, 40);
	cr_expect(eq(u64, partitions_committed_sum(t), 10));
	partitions_free(t);
}

Test(partitions, of_a_commit_only_what_was_taken_counts_and_the_rest_is_sent_again)
{
	struct partitions *t = partitions_new("t", 2);
	rd_kafka_topic_partition_t other = { .partition = 1, .offset = 0 };
	rd_kafka_topic_partition_list_t *list;

	assign(t, 0, NULL);
	partitions_assign(t, NULL, &other);
	for (int32_t id = 0; id < 2; id++)
		cr_assert(zero(i32,
			       partitions_done(t, partitions_generation(t), id, 0, 50)));
	list = partitions_offsets(t, NULL);
	cr_assert(eq(i32, list->cnt, 2));
	list->elems[1].err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	partitions_committed(t, list);
	rd_kafka_topic_partition_list_destroy(list);
	cr_expect(eq(u64, partitions_committed_sum(t), 50));
	list = partitions_offsets(t, NULL);
	cr_assert(eq(i32, list->cnt, 1));
	cr_expect(eq(i32, list->elems[0].partition, 1));
	cr_expect(eq(i64, list->elems[0].offset, 50));
	rd_kafka_topic_partition_list_destroy(list);
	partitions_free(t);
}

Test(partitions, before_one_is_given_up_what_is_not_acknowledged_is_sent_once_more)
{
	struct partitions *t = partitions_new("t", 1);
	rd_kafka_topic_partition_list_t *only = rd_kafka_topic_partition_list_new(1),
					*list;

	rd_kafka_topic_partition_list_add(only, "t", 0);
	assign(t, 0, NULL);
	free(commit(t, 0, 50)); /* on its way */
	list = partitions_offsets(t, only);
	cr_assert(ne(ptr, list, NULL));
	cr_expect(eq(i64, list->elems[0].offset, 50));
	rd_kafka_topic_partition_list_destroy(list);
	committed(t, 0, 50);
	cr_expect(eq(ptr, partitions_offsets(t, only), NULL), "it is acknowledged");
	rd_kafka_topic_partition_list_destroy(only);
	partitions_free(t);
}

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

	partitions_assign(t, 0, NULL, 100);
	atomic_store(&partitions_at(t, 0)->high, 500);
	cr_expect(eq(u64, partitions_lag(t, 0), 400));
	committed(t, 0, 450);
	cr_expect(eq(u64, partitions_lag(t, 0), 50));
	partitions_free(t);
}

Test(partitions, what_another_member_owns_has_no_lag_here)
{
	struct partitions *t = partitions_new("t", 1);

	partitions_assign(t, 0, NULL, 100);
	atomic_store(&partitions_at(t, 0)->high, 500);
	committed(t, 0, 450);
	partitions_revoke(t, 0);
	committed(t, 0, 460); /* an answer that was on its way */
	cr_expect(eq(u64, partitions_lag(t, 0), 0));
	cr_expect(eq(u64, partitions_committed_sum(t), 350), "what was committed counts");
	partitions_assign(t, 0, NULL, 480);
	committed(t, 0, 490);
	cr_expect(eq(u64, partitions_committed_sum(t), 360));
	partitions_free(t);
}

/*
 * test_turns - the contract in pipeline/belt/turns.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "pipeline/belt/turns.h"

#define AHEAD 100u
#define NOW (2 * TURNS_ACTIVE_NS)

static struct partitions *three(void)
{
	struct partitions *all = partitions_new("t", 3);

	for (int32_t i = 0; i < 3; i++) {
		rd_kafka_topic_partition_t group = { .partition = i };

		partitions_assign(all, NULL, &group);
		atomic_store(&partitions_at(all, i)->high, 100000);
		turns_took(partitions_at(all, i), 1000, NOW);
	}
	return all;
}

static bool may(struct turns *t, struct partitions *all, int32_t id)
{
	turns_begin(t, all, NOW);
	return turns_may(t, partitions_at(all, id));
}

Test(turns, who_is_ahead_of_the_least_served_waits)
{
	struct partitions *all = three();
	struct turns t = { .ahead = AHEAD };

	turns_took(partitions_at(all, 1), AHEAD, NOW);
	cr_expect(may(&t, all, 1));
	turns_took(partitions_at(all, 1), 1, NOW);
	cr_expect(not(may(&t, all, 1)));
	cr_expect(may(&t, all, 0));
	turns_took(partitions_at(all, 0), 50, NOW);
	turns_took(partitions_at(all, 2), 50, NOW);
	cr_expect(may(&t, all, 1), "until the others have come near");
	partitions_free(all);
}

Test(turns, who_has_no_backlog_holds_nobody_back_and_saves_nothing)
{
	struct partitions *all = three();
	struct turns t = { .ahead = AHEAD };

	partitions_at(all, 2)->expected = 100000;
	for (int32_t i = 0; i < 2; i++)
		turns_took(partitions_at(all, i), 5000, NOW);
	cr_expect(may(&t, all, 0));
	cr_expect(eq(u64, t.least, 6000));
	turns_begin(&t, all, NOW);
	partitions_at(all, 2)->expected = 50000; /* it has one now */
	cr_expect(may(&t, all, 0), "it starts where the others are");
	partitions_free(all);
}

Test(turns, who_gives_nothing_for_long_holds_nobody_back)
{
	struct partitions *all = three();
	struct turns t = { .ahead = AHEAD };

	partitions_at(all, 2)->taken_ns = NOW - TURNS_ACTIVE_NS;
	for (int32_t i = 0; i < 2; i++)
		turns_took(partitions_at(all, i), 5000, NOW);
	cr_expect(may(&t, all, 0));
	partitions_free(all);
}

Test(turns, what_was_revoked_holds_nobody_back)
{
	struct partitions *all = three();
	struct turns t = { .ahead = AHEAD };

	partitions_revoke(all, 2);
	for (int32_t i = 0; i < 2; i++)
		turns_took(partitions_at(all, i), 5000, NOW);
	cr_expect(may(&t, all, 0));
	partitions_free(all);
}

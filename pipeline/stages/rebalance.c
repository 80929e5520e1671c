/*
 * rebalance - partitions come and go
 *
 * Coming: each partition keeps its own queue. rd_kafka_queue_forward(queue, NULL)
 * before the assignment takes effect means that not one message goes through the
 * consumer's common queue, so partitions stay fair and a full one slows no other.
 *
 * Going: the batch being filled is dispatched, the belt drains for at most half of
 * the session time, then the watermarks are committed and the partitions given up.
 * What did not finish in time comes again at the next owner: at least once. When
 * the group has thrown us out already the commit would be refused, so it is left.
 */
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/kafka/commit.h"
#include "pipeline/stages/source.h"

#define DRAIN_MAX_US 3000000u /* half of session.timeout.ms */
#define ASK_MS 5000
#define COMMIT_MS 3000

static void take_partition(struct run *run, rd_kafka_t *rk,
			   const rd_kafka_topic_partition_t *group)
{
	static const uint64_t one = 1;
	rd_kafka_queue_t *queue =
		rd_kafka_queue_get_partition(rk, run->options->topic, group->partition);

	rd_kafka_queue_forward(queue, NULL);
	rd_kafka_queue_io_event_enable(queue, source_wake_fd(), &one, sizeof(one));
	partitions_assign(run->partitions, queue, group);
}

/* Where the group stands: a first message behind that is a loss. Without an answer
 * the first message is taken as it comes. */
static rd_kafka_topic_partition_list_t *
ask_committed(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_topic_partition_list_t *answer =
		rd_kafka_topic_partition_list_copy(list);

	if (rd_kafka_committed(rk, answer, ASK_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		for (int i = 0; i < answer->cnt; i++)
			answer->elems[i].offset = RD_KAFKA_OFFSET_INVALID;
	return answer;
}

/* The topic may have got partitions since the start. They are read like the others, but
 * the budget was divided without them. */
static bool known_or_new(struct run *run, int32_t id)
{
	if (partitions_at(run->partitions, id) != NULL)
		return true;
	if (id <= SINK_PARTITION_MAX && partitions_grow(run->partitions, id)) {
		say_note("topic %s has %u partitions by now; limits were made for fewer, "
			 "start again to make them anew",
			 run->options->topic, partitions_count(run->partitions));
		return true;
	}
	say_error("partition %d of %s is new since the start and one too many for this "
		  "run; start again to read it",
		  id, run->options->topic);
	run_fail(run, EXIT_INPUT);
	return false;
}

static void assign(struct run *run, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_topic_partition_list_t *committed = ask_committed(rk, list);
	rd_kafka_error_t *error;

	for (int i = 0; i < list->cnt; i++)
		if (known_or_new(run, list->elems[i].partition))
			take_partition(run, rk, &committed->elems[i]);
	rd_kafka_topic_partition_list_destroy(committed);
	error = rd_kafka_incremental_assign(rk, list);
	if (error != NULL)
		say_error("assignment: %s", rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
}

/* While the run goes on the next owner just gets more of it again. */
static void say_refused(struct run *run, rd_kafka_resp_err_t err)
{
	if (!run_stopping(run)) {
		say_note("commit while giving partitions up: %s", rd_kafka_err2str(err));
		return;
	}
	say_error("group %s: last commit: %s; what is stored but not acknowledged comes "
		  "again",
		  run->options->group, rd_kafka_err2str(err));
	run_fail(run, EXIT_FAILED);
}

static void commit_last(struct run *run, rd_kafka_t *rk,
			rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_topic_partition_list_t *offsets =
		partitions_offsets(run->partitions, list);
	rd_kafka_resp_err_t err;

	if (offsets == NULL)
		return;
	err = commit_wait(rk, offsets, COMMIT_MS);
	partitions_committed(run->partitions, offsets);
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		stats_add(&run->stats.commits, 1);
	} else {
		stats_add(&run->stats.commit_errors, 1);
		say_refused(run, err);
	}
	rd_kafka_topic_partition_list_destroy(offsets);
}

static void revoke(struct run *run, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	uint64_t wait = run->options->drain_us < DRAIN_MAX_US ? run->options->drain_us
							      : DRAIN_MAX_US;
	rd_kafka_error_t *error;

	source_flush(run);
	belt_drained(run->belt, wait);
	if (!rd_kafka_assignment_lost(rk))
		commit_last(run, rk, list);
	for (int i = 0; i < list->cnt; i++)
		if (partitions_at(run->partitions, list->elems[i].partition) != NULL)
			partitions_revoke(run->partitions, list->elems[i].partition);
	error = rd_kafka_incremental_unassign(rk, list);
	if (error != NULL)
		say_note("unassign: %s", rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
}

void rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	       rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct run *run = opaque;

	stats_add(&run->stats.rebalances, 1);
	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
		assign(run, rk, list);
	else
		revoke(run, rk, list);
}

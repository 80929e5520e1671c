/*
 * test_limits - the contract in pipeline/limits/limits.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "pipeline/limits/limits.h"
#include "pipeline/limits/sample.h"

static struct limits_ask ask_of(size_t memory, unsigned partitions)
{
	return (struct limits_ask){ .memory = memory,
				    .resident = 8 << 20,
				    .queue = 4000,
				    .batch = 500,
				    .payload = 300,
				    .partitions = partitions,
				    .brokers = 1 };
}

Test(limits, the_lines_add_up_to_the_total)
{
	struct limits_ask ask = ask_of(32 << 20, 16);
	struct limits l;
	size_t sum = 0;

	cr_assert(eq(int, limits_derive(&ask, &l), 0));
	for (unsigned i = 0; i < l.n_lines; i++)
		sum += l.lines[i].bytes;
	cr_expect(eq(sz, sum, l.total));
}

Test(limits, the_total_is_within_the_budget)
{
	for (size_t mib = 16; mib <= 1024; mib *= 2)
		for (unsigned partitions = 1; partitions <= 64; partitions *= 4) {
			struct limits_ask ask = ask_of(mib << 20, partitions);
			struct limits l;

			if (limits_derive(&ask, &l) != 0)
				continue;
			cr_expect(le(sz, l.total, ask.memory), "%zu MiB %u partitions",
				  mib, partitions);
			cr_expect(ge(u32, l.slots, 2));
			cr_expect(le(u32, l.slots * l.batch, 4500));
		}
}

Test(limits, a_budget_that_is_too_small_is_refused_with_what_is_enough)
{
	struct limits_ask ask = ask_of(9 << 20, 64);
	struct limits l;

	cr_assert(eq(int, limits_derive(&ask, &l), -ENOSPC));
	cr_expect(eq(sz, l.total % (1 << 20), 0));
	ask.memory = l.total;
	cr_expect(eq(int, limits_derive(&ask, &l), 0));
}

Test(limits, a_message_may_be_as_long_as_half_the_budget)
{
	struct limits_ask ask = ask_of(128 << 20, 8);
	struct limits l;

	cr_assert(eq(int, limits_derive(&ask, &l), 0));
	cr_expect(ge(sz, l.receive_most, l.fetch_total + (64 << 20)));
	cr_expect(le(sz, l.receive_most, ask.memory));
	ask.memory = (size_t)1 << 40;
	cr_assert(eq(int, limits_derive(&ask, &l), 0));
	cr_expect(le(sz, l.receive_most, INT32_MAX), "what librdkafka takes");
}

Test(limits, without_a_budget_long_messages_in_flight_are_few)
{
	struct limits_ask ask = ask_of(0, 6);
	struct limits l;

	ask.payload = 900000;
	cr_assert(eq(int, limits_derive(&ask, &l), 0));
	cr_expect(le(sz, (size_t)l.slots * l.batch * ask.payload, 300 << 20));
	cr_expect(ge(u32, l.slots, 4));
	ask.payload = 300000000;
	cr_assert(eq(int, limits_derive(&ask, &l), 0));
	cr_expect(ge(u32, l.slots, 2), "but at least one, and one more");
	ask.payload = 300;
	cr_assert(eq(int, limits_derive(&ask, &l), 0));
	cr_expect(eq(u32, l.slots * l.batch, ask.queue),
		  "and short ones as many as asked for");
}

Test(limits, an_answer_has_room_for_every_partition)
{
	struct limits_ask ask = ask_of(64 << 20, 32);
	struct limits l;

	cr_assert(eq(int, limits_derive(&ask, &l), 0));
	cr_expect(ge(sz, l.fetch_total, l.fetch_bytes * 32));
}

/* A broker cuts its answers; behind full batches there is nothing to throw away. */
Test(limits, an_answer_is_a_whole_number_of_usual_batches)
{
	for (size_t mib = 20; mib <= 256; mib += 4) {
		struct limits_ask ask = ask_of(mib << 20, 16);
		struct limits l;

		if (limits_derive(&ask, &l) == 0)
			cr_expect(eq(sz, l.fetch_bytes % (16 << 10), 0), "%zu MiB", mib);
	}
}

/* Batches of 16,129 bytes, each of 51 messages of this payload, packed so many times. */
static struct sample sample_of(unsigned payload, unsigned packed)
{
	struct sample s = { .n = 20, .messages = UINT64_C(20) * 51 * packed };

	for (unsigned i = 0; i < s.n; i++)
		s.batch[i] = 16129;
	s.sent = UINT64_C(20) * 16129;
	s.bytes = s.messages * payload;
	return s;
}

Test(limits, an_answer_is_a_whole_number_of_the_batches_that_were_seen)
{
	struct limits_ask ask = ask_of(20 << 20, 16);
	struct sample s = sample_of(300, 1);
	struct limits l;

	ask.sample = &s;
	cr_assert(eq(int, limits_derive(&ask, &l), 0));
	cr_expect(ge(sz, l.fetch_bytes, 4 * 16129));
	cr_expect(lt(sz, l.fetch_bytes % 16129, 1000));
}

Test(limits, what_is_compressed_or_tiny_takes_more_memory_than_it_is_long)
{
	struct limits_ask ask = ask_of(32 << 20, 8);
	struct sample plain = sample_of(300, 1), packed = sample_of(300, 10),
		      empty = sample_of(0, 20);
	struct limits a, b, c;

	ask.sample = &plain;
	cr_assert(eq(int, limits_derive(&ask, &a), 0));
	ask.sample = &packed;
	cr_assert(eq(int, limits_derive(&ask, &b), 0));
	cr_expect(le(sz, b.fetch_bytes, a.fetch_bytes / 8));
	ask.sample = &empty;
	ask.payload = 1;
	cr_assert(eq(int, limits_derive(&ask, &c), 0));
	cr_expect(le(sz, c.fetch_bytes, a.fetch_bytes / 8));
	cr_expect(le(sz, c.prefetch_messages * (size_t)312, 32 << 20));
	cr_expect(ge(sz, c.prefetch_kbytes, 1));
}

Test(limits, batches_larger_than_the_budget_can_hold_are_refused)
{
	struct limits_ask ask = ask_of(32 << 20, 64);
	struct sample s = sample_of(300, 1);
	struct limits l;

	for (unsigned i = 0; i < s.n; i++)
		s.batch[i] = 1 << 20;
	s.sent = UINT64_C(20) << 20, s.messages = 20 * 3300, s.bytes = s.messages * 300;
	ask.sample = &s;
	cr_assert(eq(int, limits_derive(&ask, &l), -ENOSPC));
	ask.memory = l.total;
	cr_expect(eq(int, limits_derive(&ask, &l), 0));
	cr_expect(ge(sz, l.fetch_bytes, 1 << 20));
	cr_expect(le(sz, l.total, ask.memory));
}

Test(limits, one_long_batch_an_answer_is_asked_for_with_a_byte_and_has_its_memory)
{
	struct limits_ask ask = ask_of(32 << 20, 8);
	struct sample s = sample_of(300, 1);
	struct limits l;

	s.sent = 0;
	for (unsigned i = 0; i < s.n; i++)
		s.sent += s.batch[i] = 200000 + i * 7919 % 70000;
	s.messages = s.sent / 310, s.bytes = s.messages * 300, s.pace = 200 << 20;
	ask.sample = &s;
	cr_assert(eq(int, limits_derive(&ask, &l), 0));
	cr_expect(eq(sz, l.fetch_bytes, SAMPLE_ONE_BATCH));
	cr_expect(ge(sz, l.answer_bytes, sample_usual_batch(&s)));
	cr_expect(ge(sz, l.fetch_total, 8 * l.answer_bytes));
	cr_expect(eq(sz, l.fetch_least, 1), "a broker would wait for more in vain");
}

Test(limits, one_partition_can_make_an_answer_worth_sending)
{
	for (unsigned partitions = 1; partitions <= 64; partitions *= 2) {
		struct limits_ask ask = ask_of(64 << 20, partitions);
		struct limits l;

		cr_assert(eq(int, limits_derive(&ask, &l), 0));
		cr_expect(le(sz, l.fetch_least, l.fetch_bytes / 2));
		cr_expect(ge(sz, l.fetch_least, 1));
	}
}

/*
 * test_dlq - the contract in pipeline/kafka/dlq.h, as far as it needs no broker
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>

#include "pipeline/kafka/dlq.h"

#define KBYTES 8
#define TOO_LARGE 1000000001 /* no producer takes that */

static void never(void *with, unsigned generation, int32_t partition, int64_t offset)
{
	(void)with, (void)generation, (void)partition, (void)offset;
	cr_assert(false);
}

/* Nobody listens there: what is sent stays on its way. */
static struct dlq *make(void)
{
	struct dlq_conf conf = { .brokers = "127.0.0.1:1",
				 .topic = "t.dlq",
				 .source = "t",
				 .messages = 3,
				 .kbytes = KBYTES,
				 .settled = never };

	return dlq_new(&conf);
}

static int give(struct dlq *d, size_t len)
{
	void *payload = calloc(1, len);
	struct dlq_letter letter = { .payload = payload, .len = len, .why = "test" };
	int r = dlq_send(d, &letter);

	free(payload);
	return r;
}

Test(dlq, letters_and_bytes_are_bounded)
{
	struct dlq *d = make();

	cr_assert(eq(int, give(d, 100), 0));
	cr_expect(eq(int, give(d, KBYTES * 1024), -EAGAIN));
	cr_assert(eq(int, give(d, 100), 0));
	cr_assert(eq(int, give(d, 100), 0));
	cr_expect(eq(int, give(d, 100), -EAGAIN));
	cr_expect(eq(u32, dlq_waiting(d), 3));
	dlq_free(d);
}

Test(dlq, keys_and_headers_count_too)
{
	static char key[KBYTES * 1024];
	struct dlq_letter by_key = { .payload = "p",
				     .len = 1,
				     .key = key,
				     .key_len = sizeof(key),
				     .why = "test" };
	struct dlq_letter by_header = { .payload = "p", .len = 1, .why = "test" };
	rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
	struct dlq *d = make();

	rd_kafka_header_add(headers, "h", -1, key, sizeof(key));
	by_header.headers = headers;
	cr_assert(eq(int, give(d, 100), 0));
	cr_expect(eq(int, dlq_send(d, &by_key), -EAGAIN));
	cr_expect(eq(int, dlq_send(d, &by_header), -EAGAIN));
	dlq_free(d);
	rd_kafka_headers_destroy(headers);
}

Test(dlq, a_letter_larger_than_the_bound_goes_alone)
{
	struct dlq *d = make();

	cr_assert(eq(int, give(d, KBYTES * 1024 * 2), 0));
	cr_expect(eq(int, give(d, 1), -EAGAIN));
	dlq_free(d);
}

Test(dlq, a_letter_that_cannot_be_sent_ends_it)
{
	struct dlq *d = make();

	cr_assert(eq(int, give(d, TOO_LARGE), -EIO));
	cr_expect(eq(int, dlq_poll(d, 0), -EIO));
	cr_expect(eq(int, give(d, 1), -EIO));
	cr_expect(ne(str, (char *)dlq_error(d), (char *)""));
	dlq_free(d);
}

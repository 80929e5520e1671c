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

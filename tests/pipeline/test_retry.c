/*
 * test_retry - the contract in pipeline/belt/retry.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "pipeline/belt/retry.h"

static struct row row_of(const char *text, int64_t offset)
{
	return (struct row){ .payload = (const uint8_t *)text,
			     .len = (uint32_t)strlen(text),
			     .offset = offset };
}

Test(retry, an_entry_owns_a_copy)
{
	struct retry *q = retry_new(4, 1000);
	char text[] = "payload";
	struct row row = row_of(text, 1);
	struct retry_entry *entry;

	cr_assert(eq(int, retry_add(q, &row, 9), 0));
	memset(text, 'x', sizeof(text));
	entry = retry_take(q, UINT64_MAX);
	cr_assert(ne(ptr, entry, NULL));
	cr_expect(zero(memcmp(entry->payload, "payload", 7)));
	cr_expect(eq(u32, entry->generation, 9));
	retry_drop(q, entry);
	retry_free(q);
}

Test(retry, entries_and_bytes_are_bounded)
{
	struct retry *q = retry_new(3, 20);
	struct row row = row_of("0123456789", 1);

	cr_assert(eq(int, retry_add(q, &row, 0), 0));
	cr_assert(eq(int, retry_add(q, &row, 0), 0));
	cr_expect(eq(int, retry_add(q, &row, 0), -EAGAIN));
	cr_expect(eq(u32, retry_count(q), 2));
	cr_expect(eq(sz, retry_bytes(q), 20));
	retry_free(q);
}

Test(retry, nothing_comes_before_it_is_due)
{
	struct retry *q = retry_new(3, 20);
	struct row row = row_of("a", 1);

	cr_assert(eq(int, retry_add(q, &row, 0), 0));
	cr_expect(eq(ptr, retry_take(q, 0), NULL));
	cr_expect(eq(u32, retry_count(q), 1));
	retry_free(q);
}

Test(retry, the_earliest_comes_first)
{
	struct retry *q = retry_new(200, 1000);
	uint64_t last = 0;

	for (int i = 0; i < 200; i++) {
		struct row row = row_of("a", i);

		cr_assert(eq(int, retry_add(q, &row, 0), 0));
	}
	for (int i = 0; i < 200; i++) {
		struct retry_entry *entry = retry_take(q, UINT64_MAX);

		cr_expect(ge(u64, entry->due_ns, last));
		last = entry->due_ns;
		retry_drop(q, entry);
	}
	cr_expect(eq(u32, retry_count(q), 0));
	retry_free(q);
}

Test(retry, waits_double_up_to_a_bound_and_differ)
{
	unsigned seed = 3;

	for (unsigned attempt = 1; attempt < 20; attempt++) {
		uint64_t whole = UINT64_C(50000000)
				 << (attempt - 1 > 6 ? 6 : attempt - 1);
		uint64_t wait = retry_backoff_ns(attempt, &seed);

		if (attempt > 7)
			whole = UINT64_C(5000000000);
		cr_expect(ge(u64, wait, (attempt > 6 ? 1600000000 : whole / 2)));
		cr_expect(le(u64, wait, whole < 5000000000 ? whole : 5000000000));
	}
}

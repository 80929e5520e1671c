/*
 * retry - rows that the sink refused, waiting for another try
 *
 * A binary heap of pointers ordered by due time: the parent of i is (i - 1) / 2
 * and is never due later than its children. Its array is full size from the start.
 */
#include "pipeline/belt/retry.h"

#include <errno.h>
#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/units.h"
#include "pipeline/belt/weight.h"

#define BACKOFF_FIRST_NS UINT64_C(50000000)
#define BACKOFF_LAST_NS UINT64_C(5000000000)

struct retry {
	unsigned n, max, taken, seed;
	size_t bytes, bytes_max;
	struct retry_entry *heap[];
};

struct retry *retry_new(unsigned entries, size_t bytes)
{
	struct retry *q = memory_zero(1, sizeof(*q) + entries * sizeof(q->heap[0]));

	if (q == NULL)
		return NULL;
	q->max = entries;
	q->bytes_max = bytes;
	q->seed = (unsigned)units_now_ns();
	return q;
}

static void entry_free(struct retry_entry *entry)
{
	if (entry->headers != NULL)
		rd_kafka_headers_destroy(entry->headers);
	free(entry);
}

void retry_free(struct retry *q)
{
	if (q == NULL)
		return;
	for (unsigned i = 0; i < q->n; i++)
		entry_free(q->heap[i]);
	free(q);
}

uint64_t retry_backoff_ns(unsigned attempts, unsigned *seed)
{
	uint64_t wait = BACKOFF_FIRST_NS;

	for (unsigned i = 1; i < attempts && wait < BACKOFF_LAST_NS; i++)
		wait *= 2;
	if (wait > BACKOFF_LAST_NS)
		wait = BACKOFF_LAST_NS;
	/* without the random part all who failed together would return together */
	return wait / 2 + (uint64_t)rand_r(seed) % (wait / 2);
}

static void swap(struct retry *q, unsigned a, unsigned b)
{
	struct retry_entry *entry = q->heap[a];

	q->heap[a] = q->heap[b];
	q->heap[b] = entry;
}

static void push(struct retry *q, struct retry_entry *entry)
{
	unsigned i = q->n++;

	q->heap[i] = entry;
	while (i > 0 && q->heap[(i - 1) / 2]->due_ns > q->heap[i]->due_ns) {
		swap(q, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static struct retry_entry *pop(struct retry *q)
{
	struct retry_entry *top = q->heap[0];
	unsigned i = 0, child;

	q->heap[0] = q->heap[--q->n];
	while ((child = 2 * i + 1) < q->n) {
		if (child + 1 < q->n &&
		    q->heap[child + 1]->due_ns < q->heap[child]->due_ns)
			child++;
		if (q->heap[i]->due_ns <= q->heap[child]->due_ns)
			break;
		swap(q, i, child);
		i = child;
	}
	return top;
}

/* Of the message the row came from; NULL: none. */
static const rd_kafka_headers_t *headers_of(const struct row *row)
{
	rd_kafka_headers_t *headers = NULL;

	if (row->message != NULL)
		rd_kafka_message_headers(row->message, &headers);
	return headers;
}

static size_t key_len_of(const struct row *row)
{
	return row->message != NULL ? row->message->key_len : 0;
}

static struct retry_entry *copy_out(const struct row *row)
{
	size_t key_len = key_len_of(row);
	struct retry_entry *entry = memory_zero(1, sizeof(*entry) + row->len + key_len);
	const rd_kafka_headers_t *headers = headers_of(row);

	if (entry == NULL)
		return NULL;
	memcpy(entry->payload, row->payload, row->len);
	entry->len = row->len;
	entry->key_len = (uint32_t)key_len;
	if (key_len > 0) {
		entry->key = entry->payload + row->len;
		memcpy(entry->key, row->message->key, key_len);
	}
	if (headers != NULL)
		entry->headers = rd_kafka_headers_copy(headers);
	entry->partition = row->partition;
	entry->offset = row->offset;
	entry->why = row->why;
	return entry;
}

int retry_add(struct retry *q, const struct row *row, unsigned generation)
{
	size_t bytes = weight_of(row->len, key_len_of(row), headers_of(row));
	struct retry_entry *entry;

	if (q->n + q->taken >= q->max ||
	    (q->bytes > 0 && q->bytes + bytes > q->bytes_max))
		return -EAGAIN;
	entry = copy_out(row);
	if (entry == NULL)
		return -ENOMEM;
	entry->generation = generation;
	entry->first_ns = units_now_ns();
	entry->attempts = 1;
	entry->due_ns = entry->first_ns + retry_backoff_ns(1, &q->seed);
	entry->bytes = bytes;
	q->bytes += bytes;
	push(q, entry);
	return 0;
}

struct retry_entry *retry_take(struct retry *q, uint64_t now_ns)
{
	if (q->n == 0 || q->heap[0]->due_ns > now_ns)
		return NULL;
	q->taken++;
	return pop(q);
}

void retry_again(struct retry *q, struct retry_entry *entry)
{
	entry->attempts++;
	entry->due_ns = units_now_ns() + retry_backoff_ns(entry->attempts, &q->seed);
	q->taken--;
	push(q, entry);
}

void retry_drop(struct retry *q, struct retry_entry *entry)
{
	q->taken--;
	q->bytes -= entry->bytes;
	entry_free(entry);
}

unsigned retry_count(const struct retry *q)
{
	return q->n + q->taken;
}

size_t retry_bytes(const struct retry *q)
{
	return q->bytes;
}

/*
 * partitions - what is known of each partition of the topic
 *
 * The lock guards marks, sent, since and owned against the sink thread. Fields
 * that only the metrics read beside their writer are relaxed atomics: gauges.
 */
#include "pipeline/belt/partitions.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/units.h"

#define SIGNATURE_MAX 48

struct partitions {
	pthread_mutex_t lock;
	const char *topic;
	unsigned most, generation;
	_Atomic unsigned n; /* raised by the poller when those below are ready: release */
	_Atomic uint64_t counted; /* messages committed by this run: a gauge */
	char signature[SIGNATURE_MAX];
	struct partition at[];
};

static void gauge_set(_Atomic int64_t *gauge, int64_t value)
{
	atomic_store_explicit(gauge, value, memory_order_relaxed);
}

static int64_t gauge_get(const _Atomic int64_t *gauge)
{
	return atomic_load_explicit(gauge, memory_order_relaxed);
}

static void forget(struct partition *p)
{
	gauge_set(&p->position, -1);
	gauge_set(&p->committed, -1);
	gauge_set(&p->first, -1);
}

bool partitions_grow(struct partitions *t, int32_t id)
{
	unsigned n = partitions_count(t);

	if (id < 0 || (unsigned)id >= t->most)
		return false;
	for (; n <= (unsigned)id; n++) {
		watermark_init(&t->at[n].mark);
		forget(&t->at[n]);
		t->at[n].counted_to = -1;
		gauge_set(&t->at[n].high, -1);
		atomic_store_explicit(&t->n, n + 1, memory_order_release);
	}
	return true;
}

/* No other run's, on no other machine. */
static void make_signature(char *signature)
{
	uint64_t number = (uintptr_t)signature;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number ^= units_now_ns();
	snprintf(signature, SIGNATURE_MAX, "heapring-pipeline %016" PRIx64, number);
}

static bool signed_here(const struct partitions *t,
			const rd_kafka_topic_partition_t *group)
{
	return group->metadata != NULL && group->metadata_size == strlen(t->signature) &&
	       memcmp(group->metadata, t->signature, group->metadata_size) == 0;
}

struct partitions *partitions_new(const char *topic, unsigned n)
{
	unsigned most = n + PARTITIONS_SPARE;
	struct partitions *t = memory_zero(1, sizeof(*t) + most * sizeof(t->at[0]));

	if (t == NULL)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	t->topic = topic;
	t->most = most;
	make_signature(t->signature);
	if (n > 0)
		partitions_grow(t, (int32_t)n - 1);
	return t;
}

void partitions_free(struct partitions *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < partitions_count(t); i++) {
		watermark_free(&t->at[i].mark);
		if (t->at[i].queue != NULL)
			rd_kafka_queue_destroy(t->at[i].queue);
	}
	pthread_mutex_destroy(&t->lock);
	free(t);
}

unsigned partitions_count(const struct partitions *t)
{
	return atomic_load_explicit(&t->n, memory_order_acquire);
}

struct partition *partitions_at(struct partitions *t, int32_t id)
{
	return id >= 0 && (unsigned)id < partitions_count(t) ? &t->at[id] : NULL;
}

/* What lies below offset was committed by this run. */
static void count_to(struct partitions *t, struct partition *p, int64_t offset)
{
	if (p->counted_to < 0 || offset <= p->counted_to)
		return;
	atomic_fetch_add_explicit(&t->counted, (uint64_t)(offset - p->counted_to),
				  memory_order_relaxed);
	p->counted_to = offset;
}

void partitions_assign(struct partitions *t, rd_kafka_queue_t *queue,
		       const rd_kafka_topic_partition_t *group)
{
	struct partition *p = partitions_at(t, group->partition);
	int64_t begin = group->offset >= 0 ? group->offset : -1;

	if (signed_here(t, group))
		count_to(t, p, begin);
	if (begin >= 0)
		p->counted_to = begin;
	gauge_set(&p->first, begin);
	gauge_set(&p->committed, begin);
	gauge_set(&p->position, begin);
	pthread_mutex_lock(&t->lock);
	p->queue = queue;
	p->expected = begin;
	p->owned = true;
	p->since = ++t->generation;
	p->sent = -1;
	watermark_restart(&p->mark);
	pthread_mutex_unlock(&t->lock);
}

void partitions_begin(struct partition *p, int64_t offset)
{
	p->counted_to = offset;
	gauge_set(&p->first, offset);
}

void partitions_revoke(struct partitions *t, int32_t id)
{
	struct partition *p = partitions_at(t, id);

	pthread_mutex_lock(&t->lock);
	if (p->queue != NULL)
		rd_kafka_queue_destroy(p->queue);
	p->queue = NULL;
	p->owned = false;
	t->generation++;
	pthread_mutex_unlock(&t->lock);
	forget(p); /* its lag is another member's now */
}

unsigned partitions_generation(struct partitions *t)
{
	unsigned generation;

	pthread_mutex_lock(&t->lock);
	generation = t->generation;
	pthread_mutex_unlock(&t->lock);
	return generation;
}

static bool current(const struct partition *p, unsigned generation)
{
	return p->owned && p->since <= generation;
}

int partitions_done(struct partitions *t, unsigned generation, int32_t id, int64_t from,
		    int64_t to)
{
	struct partition *p = &t->at[id];
	int r = 0;

	pthread_mutex_lock(&t->lock);
	if (current(p, generation))
		r = watermark_done(&p->mark, from, to);
	pthread_mutex_unlock(&t->lock);
	return r;
}

int partitions_defer(struct partitions *t, unsigned generation, int32_t id,
		     int64_t offset)
{
	struct partition *p = &t->at[id];
	int r = 0;

	pthread_mutex_lock(&t->lock);
	if (current(p, generation))
		r = watermark_defer(&p->mark, offset);
	pthread_mutex_unlock(&t->lock);
	return r;
}

void partitions_settle(struct partitions *t, unsigned generation, int32_t id,
		       int64_t offset)
{
	struct partition *p = &t->at[id];

	pthread_mutex_lock(&t->lock);
	if (current(p, generation))
		watermark_settle(&p->mark, offset);
	pthread_mutex_unlock(&t->lock);
}

bool partitions_current(struct partitions *t, unsigned generation, int32_t id)
{
	bool yes;

	pthread_mutex_lock(&t->lock);
	yes = current(&t->at[id], generation);
	pthread_mutex_unlock(&t->lock);
	return yes;
}

static void add_offset(struct partitions *t, int32_t id,
		       rd_kafka_topic_partition_list_t **list)
{
	struct partition *p = &t->at[id];
	int64_t offset = watermark_offset(&p->mark);
	rd_kafka_topic_partition_t *entry;

	if (!p->owned || offset == WATERMARK_NONE || offset == p->sent)
		return;
	if (*list == NULL)
		*list = rd_kafka_topic_partition_list_new((int)partitions_count(t));
	entry = rd_kafka_topic_partition_list_add(*list, t->topic, id);
	entry->offset = offset;
	entry->metadata = strdup(t->signature); /* freed with the list */
	entry->metadata_size = entry->metadata != NULL ? strlen(t->signature) : 0;
	p->sent = offset;
}

rd_kafka_topic_partition_list_t *
partitions_offsets(struct partitions *t, const rd_kafka_topic_partition_list_t *only)
{
	rd_kafka_topic_partition_list_t *list = NULL;

	pthread_mutex_lock(&t->lock);
	if (only == NULL)
		for (unsigned i = 0; i < partitions_count(t); i++)
			add_offset(t, (int32_t)i, &list);
	for (int i = 0; only != NULL && i < only->cnt; i++) {
		struct partition *p = partitions_at(t, only->elems[i].partition);

		if (p == NULL)
			continue;
		/* an asynchronous commit may still be on its way */
		p->sent = gauge_get(&p->committed);
		add_offset(t, only->elems[i].partition, &list);
	}
	pthread_mutex_unlock(&t->lock);
	return list;
}

static void was_refused(struct partitions *t, struct partition *p)
{
	pthread_mutex_lock(&t->lock);
	p->sent = -1; /* the next round sends it again */
	pthread_mutex_unlock(&t->lock);
}

void partitions_committed(struct partitions *t,
			  const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; list != NULL && i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *entry = &list->elems[i];
		struct partition *p = partitions_at(t, entry->partition);

		if (p == NULL || entry->offset < 0)
			continue;
		if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			was_refused(t, p);
			continue;
		}
		count_to(t, p, entry->offset); /* late answers, too */
		if (p->owned && entry->offset > gauge_get(&p->committed))
			gauge_set(&p->committed, entry->offset);
	}
}

uint64_t partitions_committed_sum(struct partitions *t)
{
	return atomic_load_explicit(&t->counted, memory_order_relaxed);
}

uint64_t partitions_lag(struct partitions *t, int32_t id)
{
	struct partition *p = partitions_at(t, id);
	int64_t high = gauge_get(&p->high), at = gauge_get(&p->committed);

	if (at < gauge_get(&p->first))
		at = gauge_get(&p->first);
	return high > at && at >= 0 ? (uint64_t)(high - at) : 0;
}

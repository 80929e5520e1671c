/*
 * sink - where rows are stored
 *
 * Contract
 *   - sink_open() says what is wrong in one line and answers NULL when it cannot
 *     be used: not writable, of another schema, not reachable; it waits for others
 *     that open or write the same file just now;
 *   - sink_write() stores all rows in state ROW_GOOD in one transaction, or none:
 *       0         all stored (again: a row that is there already counts as a
 *                 duplicate and changes nothing)
 *       -EBUSY    nothing stored, others write just now: slow, not broken
 *       -EAGAIN   nothing stored, may work later (disk full, connection lost, locked
 *                 for many seconds)
 *       -EBADMSG  nothing stored; rows that can never be stored as they are have
 *                 become ROW_REFUSED with a reason; call again for the others
 *       -EEXIST   a key is taken by another message: the topic was made anew since;
 *                 what is stored stays, and the run cannot go on with this sink
 *       -ESTALE   what is written is lost: the file was removed or replaced; neither
 *                 can the run go on
 *   - rows are keyed by cluster and topic, partition, offset: at-least-once delivery
 *     has the effect of exactly once;
 *   - one thread uses a sink; the text of sink_error() lives until the next call.
 */
#ifndef PIPELINE_SINK_H
#define PIPELINE_SINK_H

#include "pipeline/belt/belt.h"

struct sink_where {
	const char *uri;     /* sqlite:FILE, postgres:URI, null */
	const char *cluster; /* id of the Kafka cluster */
	const char *topic;
	size_t cache;        /* bytes for the sink's page cache */
	unsigned partitions; /* of the topic: rows have lower ones */
	const char *chaos;   /* NULL, or trouble to make up; see sink_chaos.c */
	bool (*stop)(void);  /* NULL, or: is it time to give up waiting for others? */
};

struct sink {
	const struct sink_ops *ops;
	uint64_t duplicates;
	char error[256];
};

struct sink_ops {
	const char *name;
	int (*write)(struct sink *sink, struct row *rows, unsigned n);
	void (*close)(struct sink *sink);
};

struct sink *sink_open(const struct sink_where *where);

static inline int sink_write(struct sink *sink, struct row *rows, unsigned n)
{
	return sink->ops->write(sink, rows, n);
}

static inline const char *sink_error(const struct sink *sink)
{
	return sink->error;
}

void sink_close(struct sink *sink);

/* Does this sink keep a cache? For the budget, before it is opened. */
bool sink_stores(const char *uri);

/* One key for (partition, offset): 12 bits and 40 bits, above them the number of
 * the source in this sink. */
static inline int64_t sink_key(int64_t source, int32_t partition, int64_t offset)
{
	return source << 52 | (int64_t)partition << 40 | offset;
}

static inline int32_t sink_key_partition(int64_t key)
{
	return (int32_t)(key >> 40 & 4095);
}

static inline int64_t sink_key_offset(int64_t key)
{
	return key & ((INT64_C(1) << 40) - 1);
}

#define SINK_PARTITION_MAX 4095
#define SINK_SOURCE_MAX 2047 /* keys stay positive */

/* Each kind of sink, in its own file. */
struct sink *sink_sqlite_open(const struct sink_where *where);
struct sink *sink_postgres_open(const struct sink_where *where);
struct sink *sink_chaos_open(struct sink *inner, const char *plan);

#endif

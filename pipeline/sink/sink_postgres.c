/*
 * sink_postgres - rows into one PostgreSQL table
 *
 * A batch is one COPY in binary, one transaction: the fastest way in. COPY knows
 * no ON CONFLICT, so a key that is there already fails it as a whole; that happens
 * only after a redelivery, and then the batch goes in as one INSERT ... SELECT FROM
 * unnest($1, $2, ...) ON CONFLICT DO NOTHING with a binary array for each column:
 * idempotent, and still twenty times faster than rows one by one. Buffers are kept
 * for the run.
 *
 * A lost connection is trouble that may pass: the next write connects again. A
 * data error (class 22 or 23, such as text that is not UTF-8) is searched for by
 * halving the batch until it is one row, which is refused; halves that work are
 * not stored yet, since each try is rolled back: all or nothing stays true.
 */
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/base/late.h"
#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/sink/pg_wire.h"
#include "pipeline/sink/sink.h"

#define COLUMNS 7
#define OID_INT8 20
#define OID_TEXT 25
#define ARRAY_HEAD 20

#define PQ_FUNCTIONS(F)                                                                  \
	F(PQputCopyData)                                                                 \
	F(PQputCopyEnd)                                                                  \
	F(PQgetResult)                                                                   \
	F(PQclear)                                                                       \
	F(PQcmdTuples)                                                                   \
	F(PQconnectdb)                                                                   \
	F(PQerrorMessage)                                                                \
	F(PQexec)                                                                        \
	F(PQexecParams)                                                                  \
	F(PQexecPrepared)                                                                \
	F(PQfinish)                                                                      \
	F(PQgetvalue)                                                                    \
	F(PQntuples)                                                                     \
	F(PQprepare)                                                                     \
	F(PQresultErrorField)                                                            \
	F(PQresultErrorMessage)                                                          \
	F(PQresultStatus)                                                                \
	F(PQsetNoticeReceiver)                                                           \
	F(PQstatus)

static struct {
	PQ_FUNCTIONS(LATE_SLOT)
} pq; /* filled by the first open, before the sink's thread runs */

static int load_library(void)
{
	static const char *const names[] = { PQ_FUNCTIONS(LATE_NAME) };

	return late_load("libpq.so.5", names, (void **)&pq,
			 sizeof(names) / sizeof(names[0]));
}

static const uint32_t oids[COLUMNS] = { OID_INT8, OID_INT8, OID_INT8, OID_TEXT,
					OID_TEXT, OID_INT8, OID_INT8 };

struct postgres {
	struct sink sink;
	PGconn *connection;
	char uri[512], cluster[64], topic[256];
	int64_t source;
	struct pg_buffer columns[COLUMNS], copy;
};

/* The head of a one-dimensional array of n elements, written last. */
static void put_head(struct pg_buffer *c, uint32_t oid, unsigned n)
{
	size_t len = c->len;

	c->len = 0;
	pg_put4(c, 1); /* dimensions */
	pg_put4(c, 0); /* no nulls */
	pg_put4(c, oid);
	pg_put4(c, n);
	pg_put4(c, 1); /* first index */
	c->len = len;
}

static int put_row(struct postgres *p, const struct row *row)
{
	const struct event *e = &row->event;
	struct pg_buffer *c = p->columns;
	int r = pg_put_int8(&c[0], sink_key(p->source, row->partition, row->offset));

	r = r != 0 ? r : pg_put_int8(&c[1], (int64_t)e->id);
	r = r != 0 ? r : pg_put_int8(&c[2], (int64_t)e->created_ms);
	r = r != 0 ? r : pg_put_text(&c[3], e->customer);
	r = r != 0 ? r : pg_put_text(&c[4], e->country);
	r = r != 0 ? r : pg_put_int8(&c[5], (int64_t)e->amount_cents);
	return r != 0 ? r : pg_put_int8(&c[6], e->n_items);
}

static unsigned put_rows(struct postgres *p, const struct row *rows, unsigned n)
{
	unsigned good = 0;

	for (int i = 0; i < COLUMNS; i++) {
		p->columns[i].len = 0;
		if (pg_reserve(&p->columns[i], ARRAY_HEAD) != 0)
			return 0;
		p->columns[i].len = ARRAY_HEAD;
	}
	for (unsigned i = 0; i < n; i++)
		if (rows[i].state == ROW_GOOD && put_row(p, &rows[i]) == 0)
			good++;
	for (int i = 0; i < COLUMNS; i++)
		put_head(&p->columns[i], oids[i], good);
	return good;
}

/* 0, -EAGAIN for trouble that may pass, -EBADMSG for data the table refuses. */
static int classify(struct postgres *p, const PGresult *result)
{
	const char *state = pq.PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = pq.PQresultErrorMessage(result);

	if (text == NULL || text[0] == '\0')
		text = pq.PQerrorMessage(p->connection);
	snprintf(p->sink.error, sizeof(p->sink.error), "postgres: %.*s",
		 (int)strcspn(text, "\n"), text);
	if (state != NULL && state[0] == '2' && (state[1] == '2' || state[1] == '3'))
		return -EBADMSG;
	return -EAGAIN;
}

static int insert(struct postgres *p, const struct row *rows, unsigned n,
		  uint64_t *ret_new)
{
	const char *values[COLUMNS];
	int lengths[COLUMNS], formats[COLUMNS], r = 0;
	unsigned good = put_rows(p, rows, n);
	PGresult *result;

	*ret_new = 0;
	if (good == 0)
		return 0;
	for (int i = 0; i < COLUMNS; i++) {
		values[i] = p->columns[i].bytes;
		lengths[i] = (int)p->columns[i].len;
		formats[i] = 1;
	}
	result = pq.PQexecPrepared(p->connection, "insert_orders", COLUMNS, values,
				   lengths, formats, 0);
	if (pq.PQresultStatus(result) == PGRES_COMMAND_OK)
		*ret_new = strtoull(pq.PQcmdTuples(result), NULL, 10);
	else
		r = classify(p, result);
	pq.PQclear(result);
	return r;
}

/* Some keys were there: are they the same orders? The columns are insert()'s. */
static int look_for_clash(struct postgres *p)
{
	static const char sql[] =
		"SELECT feed.key FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])"
		" AS feed(key, id, created_ms) JOIN heapring_orders AS o ON o.key = "
		"feed.key"
		" WHERE o.id <> feed.id OR o.created_ms <> feed.created_ms LIMIT 1";
	const char *values[3];
	int lengths[3], formats[3] = { 1, 1, 1 }, r = 0;
	PGresult *result;

	for (int i = 0; i < 3; i++) {
		values[i] = p->columns[i].bytes;
		lengths[i] = (int)p->columns[i].len;
	}
	result =
		pq.PQexecParams(p->connection, sql, 3, NULL, values, lengths, formats, 0);
	if (pq.PQresultStatus(result) != PGRES_TUPLES_OK) {
		r = classify(p, result);
	} else if (pq.PQntuples(result) > 0) {
		int64_t key = strtoll(pq.PQgetvalue(result, 0, 0), NULL, 10);

		snprintf(p->sink.error, sizeof(p->sink.error),
			 "postgres: partition %d has another order at offset %lld",
			 sink_key_partition(key), (long long)sink_key_offset(key));
		r = -EEXIST;
	}
	pq.PQclear(result);
	return r;
}

static int copy_row(struct postgres *p, const struct row *row)
{
	const struct event *e = &row->event;
	struct pg_buffer *c = &p->copy;
	int r = pg_put2(c, COLUMNS);

	r = r != 0 ? r : pg_put_int8(c, sink_key(p->source, row->partition, row->offset));
	r = r != 0 ? r : pg_put_int8(c, (int64_t)e->id);
	r = r != 0 ? r : pg_put_int8(c, (int64_t)e->created_ms);
	r = r != 0 ? r : pg_put_text(c, e->customer);
	r = r != 0 ? r : pg_put_text(c, e->country);
	r = r != 0 ? r : pg_put_int8(c, (int64_t)e->amount_cents);
	return r != 0 ? r : pg_put_int8(c, e->n_items);
}

static int send_copy(struct postgres *p)
{
	PGresult *result;
	int r = 0;

	if (pq.PQputCopyData(p->connection, p->copy.bytes, (int)p->copy.len) != 1 ||
	    pq.PQputCopyEnd(p->connection, NULL) != 1)
		r = -EAGAIN;
	while ((result = pq.PQgetResult(p->connection)) != NULL) {
		if (pq.PQresultStatus(result) != PGRES_COMMAND_OK)
			r = classify(p, result);
		pq.PQclear(result);
	}
	return r;
}

/* All rows by COPY, in one transaction; -EBADMSG also when a key is there already. */
static int copy_in(struct postgres *p, const struct row *rows, unsigned n)
{
	PGresult *result;
	int r = 0;

	p->copy.len = 0;
	if (pg_put_copy_head(&p->copy) != 0)
		return -EAGAIN;
	for (unsigned i = 0; i < n && r == 0; i++)
		r = rows[i].state == ROW_GOOD ? copy_row(p, &rows[i]) : 0;
	if (r != 0 || pg_put2(&p->copy, 0xffff) != 0)
		return -EAGAIN;
	result = pq.PQexec(p->connection,
			   "COPY heapring_orders(key, id, created_ms, customer, country,"
			   " amount_cents, items) FROM STDIN (FORMAT binary)");
	r = pq.PQresultStatus(result) == PGRES_COPY_IN ? 0 : classify(p, result);
	pq.PQclear(result);
	return r == 0 ? send_copy(p) : r;
}

static int run_sql(struct postgres *p, const char *sql)
{
	PGresult *result = pq.PQexec(p->connection, sql);
	ExecStatusType status = pq.PQresultStatus(result);
	int r = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
			? 0
			: classify(p, result);

	pq.PQclear(result);
	return r;
}

/* Tries a part of the batch and takes it back; marks single rows that fail. */
static int find_refused(struct postgres *p, struct row *rows, unsigned n)
{
	uint64_t new;
	int r;

	if (run_sql(p, "BEGIN") != 0)
		return -EAGAIN;
	r = insert(p, rows, n, &new);
	if (run_sql(p, "ROLLBACK") != 0 || r == -EAGAIN)
		return -EAGAIN;
	if (r == 0)
		return 0;
	if (n == 1) {
		rows[0].state = ROW_REFUSED;
		rows[0].why = "refused by PostgreSQL: data error";
		return 0;
	}
	r = find_refused(p, rows, n / 2);
	return r != 0 ? r : find_refused(p, rows + n / 2, n - n / 2);
}

static int ask_source(struct postgres *p, const char *sql)
{
	const char *values[2] = { p->cluster, p->topic };
	PGresult *result =
		pq.PQexecParams(p->connection, sql, 2, NULL, values, NULL, NULL, 0);
	ExecStatusType status = pq.PQresultStatus(result);
	int r = 0;

	if (status == PGRES_TUPLES_OK && pq.PQntuples(result) == 1)
		p->source = strtoll(pq.PQgetvalue(result, 0, 0), NULL, 10);
	else if (status != PGRES_COMMAND_OK)
		r = classify(p, result);
	pq.PQclear(result);
	return r;
}

/* Not every start may use up a number: hence the look before the insert. */
static int find_source(struct postgres *p)
{
	int r = ask_source(p, "INSERT INTO heapring_source(cluster, topic)"
			      " SELECT $1::text, $2::text WHERE NOT EXISTS (SELECT FROM"
			      " heapring_source WHERE cluster = $1 AND topic = $2)"
			      " ON CONFLICT DO NOTHING");

	if (r == 0)
		r = ask_source(p, "SELECT id FROM heapring_source"
				  " WHERE cluster = $1 AND topic = $2");
	if (r == 0 && p->source > SINK_SOURCE_MAX) {
		snprintf(p->sink.error, sizeof(p->sink.error),
			 "postgres: the table holds %d topics already",
			 SINK_SOURCE_MAX + 1);
		r = -ENOSPC;
	}
	return r;
}

static int create_tables(struct postgres *p)
{
	/* advisory lock: members of a group start at the same time */
	return run_sql(
		p, "BEGIN; SET LOCAL client_min_messages = warning;"
		   "SELECT pg_advisory_xact_lock(7236451);"
		   "CREATE TABLE IF NOT EXISTS heapring_source(id bigint GENERATED ALWAYS"
		   " AS IDENTITY (MINVALUE 0 START 0) PRIMARY KEY, cluster text NOT NULL,"
		   " topic text NOT NULL, UNIQUE(cluster, topic));"
		   "CREATE TABLE IF NOT EXISTS heapring_orders(key bigint PRIMARY KEY,"
		   " id bigint NOT NULL, created_ms bigint NOT NULL, customer text NOT"
		   " NULL, country text NOT NULL, amount_cents bigint NOT NULL, items"
		   " bigint NOT NULL); COMMIT");
}

static int prepare(struct postgres *p)
{
	static const char sql[] =
		"INSERT INTO heapring_orders(key, id, created_ms, customer, country,"
		" amount_cents, items) SELECT * FROM unnest($1::bigint[], $2::bigint[],"
		" $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])"
		" ON CONFLICT(key) DO NOTHING";
	PGresult *result = pq.PQprepare(p->connection, "insert_orders", sql, 0, NULL);
	int r = pq.PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : classify(p, result);

	pq.PQclear(result);
	return r;
}

static void forget_notices(void *unused, const PGresult *notice)
{
	(void)unused, (void)notice;
}

static int connect_to(struct postgres *p)
{
	int r;

	pq.PQfinish(p->connection);
	p->connection = pq.PQconnectdb(p->uri);
	if (pq.PQstatus(p->connection) != CONNECTION_OK) {
		snprintf(p->sink.error, sizeof(p->sink.error), "postgres: %.*s",
			 (int)strcspn(pq.PQerrorMessage(p->connection), "\n"),
			 pq.PQerrorMessage(p->connection));
		return -EAGAIN;
	}
	pq.PQsetNoticeReceiver(p->connection, forget_notices, NULL);
	if ((r = create_tables(p)) != 0 || (r = find_source(p)) != 0)
		return r;
	return prepare(p);
}

static int postgres_write(struct sink *sink, struct row *rows, unsigned n)
{
	struct postgres *p = (struct postgres *)sink;
	uint64_t new, good = 0;
	int r;

	if (pq.PQstatus(p->connection) != CONNECTION_OK && connect_to(p) != 0)
		return -EAGAIN;
	r = copy_in(p, rows, n);
	if (r != -EBADMSG)
		return r;
	r = insert(p, rows, n, &new);
	if (r == -EBADMSG)
		return find_refused(p, rows, n) == 0 ? -EBADMSG : -EAGAIN;
	if (r != 0)
		return r;
	for (unsigned i = 0; i < n; i++)
		good += rows[i].state == ROW_GOOD;
	sink->duplicates += good - new;
	return new == good ? 0 : look_for_clash(p);
}

static void postgres_close(struct sink *sink)
{
	struct postgres *p = (struct postgres *)sink;

	pq.PQfinish(p->connection);
	for (int i = 0; i < COLUMNS; i++)
		free(p->columns[i].bytes);
	free(p->copy.bytes);
	free(p);
}

/* libpq takes postgres://... as it is, and key=value pairs behind postgres: */
static void read_uri(struct postgres *p, const char *uri)
{
	bool is_uri = strncmp(uri, "postgres://", 11) == 0;

	snprintf(p->uri, sizeof(p->uri), "%s", is_uri ? uri : uri + 9);
}

struct sink *sink_postgres_open(const struct sink_where *where)
{
	static const struct sink_ops ops = { "postgres", postgres_write, postgres_close };
	struct postgres *p = memory_zero(1, sizeof(*p));

	if (p == NULL || load_library() != 0) {
		free(p);
		return NULL;
	}
	p->sink.ops = &ops;
	read_uri(p, where->uri);
	snprintf(p->cluster, sizeof(p->cluster), "%s", where->cluster);
	snprintf(p->topic, sizeof(p->topic), "%s", where->topic);
	if (connect_to(p) == 0)
		return &p->sink;
	say_error("sink %s; is it running, and may this user write tables of the "
		  "expected schema there?",
		  p->sink.error);
	postgres_close(&p->sink);
	return NULL;
}

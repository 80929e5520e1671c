/*
 * test_sink_sqlite - the contract in pipeline/sink/sink.h, with the SQLite sink
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pipeline/sink/sink.h"

#define ROWS 123
#define MEMBERS 6
#define WRITES 4
#define ROUNDS 5

static char uri[64], *file = uri + 7;
static struct row rows[ROWS];

static void name_file(void)
{
	snprintf(uri, sizeof(uri), "sqlite:/tmp/test_sink_sqlite.%d", getpid());
	unlink(file);
}

static struct sink *open_sink(const char *topic)
{
	struct sink_where where = { .uri = uri,
				    .cluster = "c",
				    .topic = topic,
				    .cache = 1 << 20,
				    .partitions = 4 };

	if (uri[0] == '\0')
		name_file();
	return sink_open(&where);
}

static void fill(int64_t first)
{
	for (int i = 0; i < ROWS; i++)
		rows[i] = (struct row){ .offset = first + i,
					.partition = 3,
					.state = ROW_GOOD,
					.event = { .id = (uint64_t)(first + i),
						   .customer = { "c", 1 },
						   .country = { "DE", 2 } } };
}

static long long ask(const char *sql)
{
	long long answer = -1;
	sqlite3_stmt *stmt;
	sqlite3 *db;

	sqlite3_open(file, &db);
	sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		answer = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return answer;
}

static void remove_file(void)
{
	char side[80];

	unlink(file);
	snprintf(side, sizeof(side), "%s-wal", file);
	unlink(side);
	snprintf(side, sizeof(side), "%s-shm", file);
	unlink(side);
}

Test(sink_sqlite, stores_a_batch_once, .fini = remove_file)
{
	struct sink *sink = open_sink("t");

	cr_assert(ne(ptr, sink, NULL));
	fill(0);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	cr_expect(eq(u64, sink->duplicates, 0));
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	cr_expect(eq(u64, sink->duplicates, ROWS));
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders"), ROWS));
	cr_expect(eq(i64, ask("SELECT min(key) FROM orders"), (int64_t)3 << 40));
	sink_close(sink);
}

Test(sink_sqlite, topics_do_not_meet, .fini = remove_file)
{
	struct sink *one = open_sink("one"), *two;

	fill(0);
	cr_assert(eq(int, sink_write(one, rows, ROWS), 0));
	sink_close(one);
	two = open_sink("two");
	cr_assert(eq(int, sink_write(two, rows, ROWS), 0));
	cr_expect(eq(u64, two->duplicates, 0));
	sink_close(two);
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders"), 2 * ROWS));
}

Test(sink_sqlite, a_refused_row_is_named_and_nothing_is_stored, .fini = remove_file)
{
	struct sink *sink = open_sink("t");
	sqlite3 *db;

	sqlite3_open(file, &db);
	sqlite3_exec(db,
		     "CREATE TRIGGER no BEFORE INSERT ON orders_p03 WHEN new.id = 77"
		     " BEGIN SELECT raise(ABORT, 'no'); END",
		     NULL, NULL, NULL);
	sqlite3_close(db);
	fill(0);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), -EBADMSG));
	cr_expect(eq(int, rows[77].state, ROW_REFUSED));
	cr_expect(eq(int, rows[76].state, ROW_GOOD));
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders"), 0));
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders"), ROWS - 1));
	sink_close(sink);
}

/* Every key is that of its row's offset. */
static void expect_keys(long long n)
{
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders"), n));
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders WHERE key <> (3 << 40) + id"),
		     0));
}

static void change_file(const char *sql)
{
	sqlite3 *db;

	sqlite3_open(file, &db);
	cr_assert(eq(int, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK));
	sqlite3_close(db);
}

Test(sink_sqlite, a_row_has_the_key_of_its_offset, .fini = remove_file)
{
	struct sink *sink = open_sink("t");

	fill(0);
	rows[40].state = rows[41].state = rows[100].state = ROW_POISON;
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	expect_keys(ROWS - 3);
	fill(ROWS + 10); /* a gap, then from where the last one ended, then again */
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	fill(2 * ROWS + 10);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	cr_expect(eq(u64, sink->duplicates, 0));
	fill(2 * ROWS); /* all but the last ten are there */
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	cr_expect(eq(u64, sink->duplicates, ROWS));
	expect_keys(3 * ROWS - 3);
	fill(0); /* only the three are not */
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	expect_keys(3 * ROWS);
	sink_close(sink);
}

Test(sink_sqlite, a_key_of_another_message_is_an_error, .fini = remove_file)
{
	struct sink *sink = open_sink("t");

	fill(0);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	rows[50].event.id = 1000;
	cr_assert(eq(int, sink_write(sink, rows, ROWS), -EEXIST));
	cr_expect(ne(ptr,
		     strstr(sink_error(sink), "partition 3 has another order at "
					      "offset 50"),
		     NULL));
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders WHERE id = 1000"), 0));
	fill(ROWS);
	cr_expect(eq(int, sink_write(sink, rows, ROWS), 0));
	sink_close(sink);
}

Test(sink_sqlite, a_trigger_that_leaves_rows_out_shifts_no_key, .fini = remove_file)
{
	struct sink *sink = open_sink("t");

	change_file("CREATE TRIGGER no BEFORE INSERT ON orders_p03 WHEN new.id = 77"
		    " BEGIN SELECT raise(IGNORE); END");
	fill(0);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	fill(ROWS);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	expect_keys(2 * ROWS - 1);
	sink_close(sink);
}

Test(sink_sqlite, a_table_of_the_file_is_kept, .fini = remove_file)
{
	struct sink *sink;

	name_file();
	change_file("CREATE TABLE orders(key INTEGER PRIMARY KEY, id INT, created_ms INT,"
		    " customer, country, amount_cents, items, mine DEFAULT 5)");
	sink = open_sink("t");
	cr_assert(ne(ptr, sink, NULL));
	fill(0);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	expect_keys(ROWS);
	cr_expect(eq(i64, ask("SELECT sum(mine) FROM orders"), 5 * ROWS));
	sink_close(sink);
}

Test(sink_sqlite, a_topic_that_grew_gets_the_missing_tables, .fini = remove_file)
{
	struct sink *sink = open_sink("t");
	struct sink_where where = { .uri = uri,
				    .cluster = "c",
				    .topic = "t",
				    .cache = 1 << 20,
				    .partitions = 100 };

	fill(0);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	sink_close(sink);
	sink = sink_open(&where);
	cr_assert(ne(ptr, sink, NULL));
	for (int i = 0; i < ROWS; i++)
		rows[i].partition = 3 + 64; /* shares a table */
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	fill(0);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	cr_expect(eq(u64, sink->duplicates, ROWS));
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders"), 2 * ROWS));
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders_p03"), 2 * ROWS));
	sink_close(sink);
}

Test(sink_sqlite, a_partition_that_comes_later_gets_its_table, .fini = remove_file)
{
	struct sink *sink = open_sink("t");

	fill(100);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	for (int i = 0; i < ROWS; i++)
		rows[i].partition = 6;
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0), "again");
	sink_close(sink);
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders"), 2 * ROWS));
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders_p06"), ROWS));
}

Test(sink_sqlite, an_unknown_query_is_refused, .init = cr_redirect_stderr)
{
	snprintf(uri, sizeof(uri), "sqlite:/tmp/x?sync=fulll");
	cr_expect(eq(ptr, open_sink("t"), NULL));
}

Test(sink_sqlite, another_schema_is_refused, .init = cr_redirect_stderr,
     .fini = remove_file)
{
	sqlite3 *db;

	name_file();
	sqlite3_open(file, &db);
	sqlite3_exec(db, "CREATE TABLE orders(x)", NULL, NULL, NULL);
	sqlite3_close(db);
	cr_expect(eq(ptr, open_sink("t"), NULL));
}

Test(sink_sqlite, a_view_of_somebody_else_is_refused_and_kept, .init = cr_redirect_stderr,
     .fini = remove_file)
{
	name_file();
	change_file("CREATE TABLE mine(x); CREATE VIEW orders AS SELECT x FROM mine");
	cr_expect(eq(ptr, open_sink("t"), NULL));
	cr_expect(eq(i64, ask("SELECT count(x) FROM orders"), 0));
}

/* What another member of the consumer group does, in its own process. */
static int member(int number)
{
	struct sink *sink = open_sink("t");

	if (sink == NULL)
		return 1;
	for (int i = 0; i < WRITES; i++) {
		int r;

		fill(((int64_t)number * WRITES + i) * ROWS);
		while ((r = sink_write(sink, rows, ROWS)) == -EBUSY)
			;
		if (r != 0)
			return 2;
	}
	sink_close(sink);
	return 0;
}

/* Opening takes less than a millisecond: only together, and often, do they meet. */
Test(sink_sqlite, members_open_and_write_one_new_file_at_once, .fini = remove_file)
{
	for (int round = 0; round < ROUNDS; round++) {
		int start[2];
		char byte;

		name_file();
		cr_assert(eq(int, pipe(start), 0));
		for (int i = 0; i < MEMBERS; i++) {
			if (fork() == 0) {
				close(start[1]);
				(void)!read(start[0], &byte, 1); /* until it is closed */
				_exit(member(i));
			}
		}
		close(start[0]);
		close(start[1]);
		for (int i = 0; i < MEMBERS; i++) {
			int status = -1;

			wait(&status);
			cr_expect(eq(int, status, 0));
		}
		cr_expect(eq(i64, ask("SELECT count(*) FROM orders"),
			     MEMBERS * WRITES * ROWS));
		remove_file();
	}
}

static sqlite3 *lock_file(const char *how)
{
	sqlite3 *db;

	sqlite3_open(file, &db);
	cr_assert(eq(int, sqlite3_exec(db, how, NULL, NULL, NULL), SQLITE_OK));
	return db;
}

static void *unlock_later(void *db)
{
	usleep(2500000);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return NULL;
}

/* The sleep is no race: however long it really takes, opening waits for it. */
Test(sink_sqlite, opening_waits_for_a_lock, .fini = remove_file)
{
	pthread_t thread;
	struct sink *sink;
	sqlite3 *db;

	name_file();
	db = lock_file("CREATE TABLE other(x); BEGIN EXCLUSIVE");
	pthread_create(&thread, NULL, unlock_later, db);
	sink = open_sink("t");
	cr_expect(ne(ptr, sink, NULL));
	pthread_join(thread, NULL);
	sqlite3_close(db);
	sink_close(sink);
}

Test(sink_sqlite, a_file_that_was_removed_is_not_written_in_vain, .fini = remove_file)
{
	struct sink *sink = open_sink("t");

	fill(0);
	cr_assert(eq(int, sink_write(sink, rows, ROWS), 0));
	unlink(file);
	fill(ROWS);
	cr_expect(eq(int, sink_write(sink, rows, ROWS), -ESTALE));
	cr_expect(ne(ptr, strstr(sink_error(sink), "removed or replaced"), NULL));
	sink_close(sink);
}

static bool soon(void)
{
	static int asked;

	return ++asked > 2;
}

Test(sink_sqlite, who_is_told_to_end_waits_for_no_lock, .fini = remove_file,
     .timeout = 20)
{
	struct sink_where where = { .uri = uri,
				    .cluster = "c",
				    .topic = "t",
				    .cache = 1 << 20,
				    .partitions = 4,
				    .stop = soon };
	sqlite3 *db;

	name_file();
	cr_redirect_stderr();
	db = lock_file("CREATE TABLE other(x); BEGIN EXCLUSIVE");
	cr_expect(eq(ptr, sink_open(&where), NULL));
	sqlite3_close(db);
}

Test(sink_sqlite, a_lock_of_another_writer_is_busy_not_trouble, .fini = remove_file)
{
	struct sink *sink = open_sink("t");
	sqlite3 *db = lock_file("BEGIN IMMEDIATE");

	fill(0);
	cr_expect(eq(int, sink_write(sink, rows, ROWS), -EBUSY));
	sqlite3_close(db);
	cr_expect(eq(int, sink_write(sink, rows, ROWS), 0));
	cr_expect(eq(i64, ask("SELECT count(*) FROM orders"), ROWS));
	sink_close(sink);
}

Test(sink_sqlite, a_lock_that_lasts_is_trouble, .fini = remove_file)
{
	struct sink *sink = open_sink("t");
	sqlite3 *db = lock_file("BEGIN IMMEDIATE");
	int r;

	fill(0);
	while ((r = sink_write(sink, rows, ROWS)) == -EBUSY)
		;
	cr_expect(eq(int, r, -EAGAIN));
	sqlite3_close(db);
	cr_expect(eq(int, sink_write(sink, rows, ROWS), 0));
	sink_close(sink);
}

/*
 * sqlite_feed - rows of a batch as a table that SQLite can read
 *
 * INSERT INTO ... SELECT * FROM heapring_feed takes a whole run of rows in one step: no
 * parameter is bound, and the statement is as small for a thousand rows as for one.
 *
 * Contract
 *   - sqlite_feed_register() once for a connection, before a statement is prepared; the
 *     feed must outlive the connection;
 *   - a step reads the rows that the feed points at then, those in state ROW_GOOD, in
 *     their order; texts are not copied and must live until the step is over;
 *   - one statement at a time reads it, in one place;
 *   - columns: key (sink.h), id, created_ms, customer, country, amount_cents, items.
 */
#ifndef PIPELINE_SQLITE_FEED_H
#define PIPELINE_SQLITE_FEED_H

#include <sqlite3.h>

#include "pipeline/belt/belt.h"

struct sqlite_feed {
	const struct row *rows;
	unsigned n;
	int64_t source; /* for the key */
	struct sqlite_feed_cursor {
		sqlite3_vtab_cursor base; /* SQLite's part: first */
		unsigned at;
	} cursor; /* one statement reads at a time: no allocation a step */
};

/* Answers SQLite's code. */
int sqlite_feed_register(sqlite3 *db, struct sqlite_feed *feed);

#endif

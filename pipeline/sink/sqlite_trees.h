/*
 * sqlite_trees - where rows lie in the file: one table for each partition
 *
 * A new row of a partition belongs behind the partition's last one. In one tree for all
 * partitions that is a place in the middle, and there SQLite rebalances its neighbours
 * again and again (measured: 2,700 of 6,800 instructions a row with 16 partitions). In
 * a tree of its own it is the end, which is the cheap case. The view `orders` shows all
 * tables as one.
 *
 * A file that has a table `orders` keeps it: all rows go there.
 *
 * Contract
 *   - sqlite_trees_create() makes what is missing, inside the caller's transaction, and
 *     corrects the number to that of the trees; sqlite_trees_prepare() then makes the
 *     statements; both answer SQLite's code, and the first SQLITE_MISMATCH when there is
 *     a view `orders` of somebody else;
 *   - a topic may get partitions later: sqlite_trees_wanted() is how many trees rows
 * need, sqlite_trees_add() makes those in a transaction that holds nothing else, and when
 *     it is committed sqlite_trees_prepare() makes their statements;
 *   - sqlite_trees_write() inserts the good rows inside the caller's transaction; a key
 *     that is there already changes nothing. It adds to *ret_new the rows that were not
 *     there. SQLITE_ERROR with clash set: a key is there with another order, by id and
 *     time. SQLITE_ABORT: a trigger of the file changes what is inserted; the next try
 *     takes a way that bears it;
 *   - the rows' trees are prepared before they are written.
 */
#ifndef PIPELINE_SQLITE_TREES_H
#define PIPELINE_SQLITE_TREES_H

#include "pipeline/sink/sqlite_feed.h"

#define SQLITE_TREES_MAX 64u /* more partitions share them */

struct sqlite_tree {
	sqlite3_stmt *last, *append, *upsert;
	sqlite3_stmt *clash; /* made when it is needed first */
};

struct sqlite_trees {
	sqlite3 *db;
	struct sqlite_feed feed;
	unsigned n;
	bool clash; /* clash_key holds another order */
	int64_t clash_key;
	bool single;    /* the file's own table */
	bool no_append; /* a trigger is in the way */
	struct sqlite_tree trees[SQLITE_TREES_MAX];
};

int sqlite_trees_create(struct sqlite_trees *t, sqlite3 *db, unsigned *partitions);
unsigned sqlite_trees_wanted(const struct sqlite_trees *t, const struct row *rows,
			     unsigned n);
int sqlite_trees_add(struct sqlite_trees *t, unsigned n);
int sqlite_trees_prepare(struct sqlite_trees *t, unsigned n);
int sqlite_trees_write(struct sqlite_trees *t, const struct row *rows, unsigned n,
		       uint64_t *ret_new);

/* Ends the statements; the connection is the caller's. */
void sqlite_trees_done(struct sqlite_trees *t);

#endif

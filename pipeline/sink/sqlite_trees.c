/*
 * sqlite_trees - where rows lie in the file: one table for each partition
 *
 * Rows go in runs of consecutive offsets. When a run begins above everything in its
 * tree, SQLite may number the rows itself, from the highest key on: it then neither
 * searches for the key nor checks it (a quarter of the instructions of an insert). The
 * last number it gave is compared with the last key; a trigger that leaves rows out
 * would shift them. All else, and runs too short to be worth the question, are upserts.
 */
#include "pipeline/sink/sqlite_trees.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/sink/sink.h"

#define APPEND_MIN 16
#define NAME_MAX_LEN 24
#define COLUMNS "id, created_ms, customer, country, amount_cents, items"

static void name_tree(const struct sqlite_trees *t, unsigned i, char *to, size_t size)
{
	if (t->single)
		snprintf(to, size, "orders");
	else
		snprintf(to, size, "orders_p%02u", i);
}

/* The first number that sql answers with; -1 and SQLite's code when it cannot. */
static int ask(sqlite3 *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	*ret = -1;
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

static int make_table(struct sqlite_trees *t, unsigned i)
{
	char sql[256], name[NAME_MAX_LEN];

	name_tree(t, i, name, sizeof(name));
	snprintf(sql, sizeof(sql),
		 "CREATE TABLE IF NOT EXISTS %s(key INTEGER PRIMARY KEY, id INTEGER NOT "
		 "NULL, created_ms"
		 " INTEGER NOT NULL, customer TEXT NOT NULL, country TEXT NOT NULL,"
		 " amount_cents INTEGER NOT NULL, items INTEGER NOT NULL)",
		 name);
	return sqlite3_exec(t->db, sql, NULL, NULL, NULL);
}

static int make_view(struct sqlite_trees *t, unsigned n)
{
	char sql[SQLITE_TREES_MAX * 48], name[NAME_MAX_LEN];
	size_t len = (size_t)snprintf(
		sql, sizeof(sql), "DROP VIEW IF EXISTS orders; CREATE VIEW orders AS");

	for (unsigned i = 0; i < n; i++) {
		name_tree(t, i, name, sizeof(name));
		len += (size_t)snprintf(sql + len, sizeof(sql) - len,
					"%s SELECT * FROM %s", i == 0 ? "" : " UNION ALL",
					name);
	}
	return sqlite3_exec(t->db, sql, NULL, NULL, NULL);
}

static int count_trees(struct sqlite_trees *t, int64_t *ret)
{
	return ask(t->db,
		   "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND"
		   " name GLOB 'orders_p[0-9][0-9]'",
		   ret);
}

unsigned sqlite_trees_wanted(const struct sqlite_trees *t, const struct row *rows,
			     unsigned n)
{
	unsigned wanted = t->n;

	for (unsigned i = 0; i < n && !t->single; i++) {
		unsigned tree = (unsigned)rows[i].partition % SQLITE_TREES_MAX;

		wanted = tree < wanted ? wanted : tree + 1;
	}
	return wanted;
}

int sqlite_trees_add(struct sqlite_trees *t, unsigned n)
{
	int64_t have;
	int code = count_trees(t, &have);

	/* another member may have made them */
	for (unsigned i = (unsigned)have; i < n && code == SQLITE_OK; i++)
		code = make_table(t, i);
	return code == SQLITE_OK && (unsigned)have < n ? make_view(t, n) : code;
}

int sqlite_trees_create(struct sqlite_trees *t, sqlite3 *db, unsigned *partitions)
{
	int64_t single, have, view;
	int code;

	*t = (struct sqlite_trees){ .db = db };
	code = ask(db,
		   "SELECT count(*) FROM sqlite_schema WHERE name = 'orders' AND type ="
		   " 'table'",
		   &single);
	if (code == SQLITE_OK)
		code = count_trees(t, &have);
	if (code == SQLITE_OK)
		code = ask(db,
			   "SELECT count(*) FROM sqlite_schema WHERE name = 'orders' AND "
			   "type ="
			   " 'view'",
			   &view);
	if (code != SQLITE_OK)
		return code;
	if (view > 0 && have == 0)
		return SQLITE_MISMATCH;
	t->single = single > 0;
	if (*partitions > SQLITE_TREES_MAX)
		*partitions = SQLITE_TREES_MAX;
	if (t->single || *partitions == 0)
		*partitions = 1;
	return t->single ? SQLITE_OK : sqlite_trees_add(t, *partitions);
}

static int prepare(struct sqlite_trees *t, const char *form, const char *name,
		   sqlite3_stmt **ret)
{
	char sql[256];

	snprintf(sql, sizeof(sql), form, name);
	return sqlite3_prepare_v3(t->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
}

static int prepare_tree(struct sqlite_trees *t, unsigned i)
{
	struct sqlite_tree *tree = &t->trees[i];
	char name[NAME_MAX_LEN];
	int code;

	name_tree(t, i, name, sizeof(name));
	code = prepare(t, "SELECT max(key) FROM %s", name, &tree->last);
	if (code == SQLITE_OK)
		code = prepare(t,
			       "INSERT INTO %s(" COLUMNS ") SELECT " COLUMNS
			       " FROM heapring_feed",
			       name, &tree->append);
	if (code == SQLITE_OK)
		code = prepare(t,
			       "INSERT INTO %s(key, " COLUMNS ") SELECT key, " COLUMNS
			       " FROM heapring_feed WHERE true"
			       " ON CONFLICT(key) DO NOTHING",
			       name, &tree->upsert);
	return code;
}

static void drop_tree(struct sqlite_tree *tree)
{
	sqlite3_finalize(tree->last);
	sqlite3_finalize(tree->append);
	sqlite3_finalize(tree->upsert);
	sqlite3_finalize(tree->clash);
	*tree = (struct sqlite_tree){ 0 };
}

int sqlite_trees_prepare(struct sqlite_trees *t, unsigned n)
{
	int code = t->n == 0 ? sqlite_feed_register(t->db, &t->feed) : SQLITE_OK;

	while (t->n < n && code == SQLITE_OK) {
		code = prepare_tree(t, t->n);
		if (code == SQLITE_OK)
			t->n++;
		else
			drop_tree(&t->trees[t->n]);
	}
	return code;
}

void sqlite_trees_done(struct sqlite_trees *t)
{
	for (unsigned i = 0; i < t->n; i++)
		drop_tree(&t->trees[i]);
	t->n = 0;
}

static int run(sqlite3_stmt *stmt)
{
	int code = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Of the fed rows some were there: are they the same orders? */
static int look_for_clash(struct sqlite_trees *t, struct sqlite_tree *tree)
{
	char name[NAME_MAX_LEN];
	int code = SQLITE_OK;

	name_tree(t, (unsigned)(tree - t->trees), name, sizeof(name));
	if (tree->clash == NULL)
		code = prepare(
			t,
			"SELECT feed.key FROM heapring_feed AS feed CROSS JOIN %s AS"
			" tree ON tree.key = feed.key WHERE tree.id <> feed.id OR"
			" tree.created_ms <> feed.created_ms LIMIT 1",
			name, &tree->clash);
	if (code != SQLITE_OK)
		return code;
	code = sqlite3_step(tree->clash);
	t->clash = code == SQLITE_ROW;
	if (t->clash)
		t->clash_key = sqlite3_column_int64(tree->clash, 0);
	sqlite3_reset(tree->clash);
	return code == SQLITE_DONE ? SQLITE_OK : t->clash ? SQLITE_ERROR : code;
}

static int upsert(struct sqlite_trees *t, struct sqlite_tree *tree,
		  const struct row *rows, unsigned n, uint64_t *ret_new)
{
	unsigned new;
	int code;

	t->feed.rows = rows;
	t->feed.n = n;
	code = run(tree->upsert);
	if (code != SQLITE_OK)
		return code;
	new = (unsigned)sqlite3_changes(t->db);
	*ret_new += new;
	return new == n || t->no_append ? SQLITE_OK : look_for_clash(t, tree);
}

static int64_t key_of(const struct sqlite_trees *t, const struct row *row)
{
	return sink_key(t->feed.source, row->partition, row->offset);
}

/* SQLite gives the keys: the highest in the tree is just below the first row's. */
static int append(struct sqlite_trees *t, const struct sqlite_tree *tree,
		  const struct row *rows, unsigned n, uint64_t *ret_new)
{
	int code;

	t->feed.rows = rows;
	t->feed.n = n;
	code = run(tree->append);
	if (code != SQLITE_OK)
		return code;
	if (sqlite3_last_insert_rowid(t->db) != key_of(t, &rows[n - 1])) {
		t->no_append = true;
		return SQLITE_ABORT;
	}
	*ret_new += n;
	return SQLITE_OK;
}

/* Good rows of one partition with consecutive offsets. */
static int write_run(struct sqlite_trees *t, const struct row *rows, unsigned n,
		     uint64_t *ret_new)
{
	unsigned i = (unsigned)rows->partition % SQLITE_TREES_MAX;
	struct sqlite_tree *tree = &t->trees[t->single ? 0 : i];
	int64_t first = key_of(t, rows), last;
	int code;

	assert(t->single || i < t->n);
	if (n < APPEND_MIN || t->no_append)
		return upsert(t, tree, rows, n, ret_new);
	code = sqlite3_step(tree->last);
	last = sqlite3_column_type(tree->last, 0) == SQLITE_NULL
		       ? -1
		       : sqlite3_column_int64(tree->last, 0);
	sqlite3_reset(tree->last);
	if (code != SQLITE_ROW)
		return code;
	if (last >= first)
		return upsert(t, tree, rows, n, ret_new);
	if (last == first - 1 && last >= 0)
		return append(t, tree, rows, n, ret_new);
	code = upsert(t, tree, rows, 1, ret_new);
	return code != SQLITE_OK ? code : append(t, tree, rows + 1, n - 1, ret_new);
}

int sqlite_trees_write(struct sqlite_trees *t, const struct row *rows, unsigned n,
		       uint64_t *ret_new)
{
	int code = SQLITE_OK;
	unsigned from, to = 0;

	while (to < n && code == SQLITE_OK) {
		from = to++;
		if (rows[from].state != ROW_GOOD)
			continue;
		while (to < n && rows[to].state == ROW_GOOD &&
		       rows[to].partition == rows[from].partition &&
		       rows[to].offset == rows[to - 1].offset + 1)
			to++;
		code = write_run(t, rows + from, to - from, ret_new);
	}
	return code;
}

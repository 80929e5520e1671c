/*
 * sqlite_feed - rows of a batch as a table that SQLite can read
 *
 * An eponymous virtual table: it has no CREATE and no entry in the file. SQLite opens
 * one cursor a step; there is no index and no constraint, a scan is all it can do.
 */
#include "pipeline/sink/sqlite_feed.h"

#include <stdlib.h>

#include "pipeline/base/memory.h"
#include "pipeline/sink/sink.h"

struct feed_table {
	sqlite3_vtab base; /* SQLite's part: first */
	struct sqlite_feed *feed;
};

static struct sqlite_feed *feed_of(const sqlite3_vtab_cursor *cursor)
{
	return ((struct feed_table *)cursor->pVtab)->feed;
}

static int feed_connect(sqlite3 *db, void *with, int argc, const char *const *argv,
			sqlite3_vtab **ret, char **ret_error)
{
	struct feed_table *table = memory_zero(1, sizeof(*table));
	int code;

	(void)argc, (void)argv, (void)ret_error;
	if (table == NULL)
		return SQLITE_NOMEM;
	code = sqlite3_declare_vtab(db, "CREATE TABLE feed(key, id, created_ms, customer,"
					" country, amount_cents, items)");
	table->feed = with;
	*ret = &table->base;
	return code;
}

static int feed_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

static int feed_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedRows = 500;
	info->estimatedCost = 500;
	return SQLITE_OK;
}

static int feed_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
	*ret = &((struct feed_table *)table)->feed->cursor.base;
	return SQLITE_OK;
}

static int feed_close(sqlite3_vtab_cursor *cursor)
{
	(void)cursor;
	return SQLITE_OK;
}

static void pass_over(struct sqlite_feed *feed)
{
	while (feed->cursor.at < feed->n && feed->rows[feed->cursor.at].state != ROW_GOOD)
		feed->cursor.at++;
}

static int feed_filter(sqlite3_vtab_cursor *cursor, int plan, const char *text, int argc,
		       sqlite3_value **argv)
{
	struct sqlite_feed *feed = feed_of(cursor);

	(void)plan, (void)text, (void)argc, (void)argv;
	feed->cursor.at = 0;
	pass_over(feed);
	return SQLITE_OK;
}

static int feed_next(sqlite3_vtab_cursor *cursor)
{
	struct sqlite_feed *feed = feed_of(cursor);

	feed->cursor.at++;
	pass_over(feed);
	return SQLITE_OK;
}

static int feed_eof(sqlite3_vtab_cursor *cursor)
{
	const struct sqlite_feed *feed = feed_of(cursor);

	return feed->cursor.at >= feed->n;
}

static void answer_text(sqlite3_context *context, struct view v)
{
	sqlite3_result_text(context, v.at == NULL ? "" : v.at, (int)v.len, SQLITE_STATIC);
}

static int feed_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
	const struct sqlite_feed *feed = feed_of(cursor);
	const struct row *row = &feed->rows[feed->cursor.at];
	const struct event *e = &row->event;

	switch (column) {
	case 0:
		sqlite3_result_int64(context,
				     sink_key(feed->source, row->partition, row->offset));
		break;
	case 1:
		sqlite3_result_int64(context, (sqlite3_int64)e->id);
		break;
	case 2:
		sqlite3_result_int64(context, (sqlite3_int64)e->created_ms);
		break;
	case 3:
		answer_text(context, e->customer);
		break;
	case 4:
		answer_text(context, e->country);
		break;
	case 5:
		sqlite3_result_int64(context, (sqlite3_int64)e->amount_cents);
		break;
	default:
		sqlite3_result_int64(context, e->n_items);
	}
	return SQLITE_OK;
}

static int feed_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret)
{
	*ret = feed_of(cursor)->cursor.at;
	return SQLITE_OK;
}

int sqlite_feed_register(sqlite3 *db, struct sqlite_feed *feed)
{
	static const sqlite3_module module = {
		.xConnect = feed_connect,
		.xDisconnect = feed_disconnect,
		.xBestIndex = feed_plan,
		.xOpen = feed_open,
		.xClose = feed_close,
		.xFilter = feed_filter,
		.xNext = feed_next,
		.xEof = feed_eof,
		.xColumn = feed_column,
		.xRowid = feed_rowid,
	};

	return sqlite3_create_module(db, "heapring_feed", &module, feed);
}

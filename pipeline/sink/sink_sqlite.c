/*
 * sink_sqlite - rows into one SQLite file
 *
 * A batch is one transaction. The key is an integer that rises with the offset, so
 * rows are appended to their partition's tree (sqlite_trees.h) and a row that is
 * there already is found by the key: measured ten times faster than a random text
 * key.
 *
 * WAL with synchronous=NORMAL: a batch survives kill -9 of this process at once;
 * after a power cut of the machine the file is intact but may miss the last
 * batches, though their offsets are committed. Who needs that promise too asks
 * for sqlite:FILE?sync=full, which syncs before each commit.
 *
 * Other processes may write the same file (a consumer group). Every transaction is
 * BEGIN IMMEDIATE, because one that reads first and then writes is refused at once
 * when somebody else wrote in between. SQLite waits BUSY_MS for the lock, though not
 * where two who wait could block each other, as in the change to WAL. After that a
 * write answers -EBUSY, so that the sink thread can do its other work; opening
 * starts anew until OPEN_NS are over or the run is told to end.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/sink/sink.h"
#include "pipeline/sink/sqlite_trees.h"

#define BUSY_MS 500
#define SLOW_NS UINT64_C(5000000000) /* a lock held longer is trouble */
#define OPEN_NS UINT64_C(30000000000)
#define OPEN_PAUSE_NS 20000000

struct sqlite {
	struct sink sink;
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *rollback;
	struct sqlite_trees trees;
	uint64_t busy_ns; /* since when others have the lock; 0 when it was had */
	bool temporary;
	char path[512];
};

/* Another process has the lock. PROTOCOL: it lost a race for it many times. */
static bool is_busy(int code)
{
	code &= 0xff;
	return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_PROTOCOL;
}

static int wait_longer(struct sqlite *s)
{
	uint64_t now = units_now_ns();

	if (s->busy_ns == 0)
		s->busy_ns = now - BUSY_MS * UINT64_C(1000000);
	return now - s->busy_ns < SLOW_NS ? -EBUSY : -EAGAIN;
}

static int classify(struct sqlite *s, int code)
{
	snprintf(s->sink.error, sizeof(s->sink.error), "%.180s: %.70s", s->path,
		 sqlite3_errmsg(s->db));
	if (is_busy(code))
		return wait_longer(s);
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_RANGE:
		return -EBADMSG;
	default:
		return -EAGAIN;
	}
}

static int run_once(sqlite3_stmt *stmt)
{
	int code = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* A row of the batch breaks a rule of the table: find it, one by one. */
static int find_refused(struct sqlite *s, struct row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t unused;
		int code, r;

		if (rows[i].state != ROW_GOOD)
			continue;
		code = sqlite_trees_write(&s->trees, &rows[i], 1, &unused);
		if (code == SQLITE_OK)
			continue;
		r = classify(s, code);
		if (r != -EBADMSG)
			return r;
		rows[i].state = ROW_REFUSED;
		rows[i].why = "refused by a rule of the table";
	}
	return -EBADMSG;
}

/* One try in a transaction of its own; it is open still when the code is not OK. */
static int try_rows(struct sqlite *s, const struct row *rows, unsigned n,
		    uint64_t *ret_new)
{
	int code = run_once(s->begin);

	*ret_new = 0;
	if (code != SQLITE_OK)
		return code;
	s->busy_ns = 0;
	code = sqlite_trees_write(&s->trees, rows, n, ret_new);
	return code == SQLITE_OK ? run_once(s->commit) : code;
}

static unsigned count_good(const struct row *rows, unsigned n)
{
	unsigned good = 0;

	for (unsigned i = 0; i < n; i++)
		good += rows[i].state == ROW_GOOD;
	return good;
}

static int say_clash(struct sqlite *s)
{
	s->trees.clash = false;
	snprintf(s->sink.error, sizeof(s->sink.error),
		 "%.100s: partition %d has another order at offset %lld", s->path,
		 sink_key_partition(s->trees.clash_key),
		 (long long)sink_key_offset(s->trees.clash_key));
	return -EEXIST;
}

/* Partitions that are new since the start have no trees yet. They are made for
 * themselves: a transaction that is rolled back would take them along. */
static int make_trees(struct sqlite *s, const struct row *rows, unsigned n)
{
	unsigned wanted = sqlite_trees_wanted(&s->trees, rows, n);
	int code;

	if (wanted == s->trees.n)
		return SQLITE_OK;
	code = run_once(s->begin);
	if (code == SQLITE_OK)
		code = sqlite_trees_add(&s->trees, wanted);
	if (code == SQLITE_OK)
		code = run_once(s->commit);
	return code == SQLITE_OK ? sqlite_trees_prepare(&s->trees, wanted) : code;
}

/* A file that was removed or replaced is written on, and nobody will ever read it. */
static int still_there(struct sqlite *s)
{
	int moved = 0;

	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (!moved)
		return 0;
	snprintf(s->sink.error, sizeof(s->sink.error),
		 "%.200s: was removed or replaced while it was written", s->path);
	return -ESTALE;
}

static int sqlite_write(struct sink *sink, struct row *rows, unsigned n)
{
	struct sqlite *s = (struct sqlite *)sink;
	uint64_t new;
	int code = make_trees(s, rows, n), r;

	if (code == SQLITE_OK)
		code = try_rows(s, rows, n, &new);
	if (code == SQLITE_ABORT) {
		run_once(s->rollback);
		code = try_rows(s, rows, n, &new);
	}
	if (code == SQLITE_OK) {
		sink->duplicates += count_good(rows, n) - new;
		return still_there(s);
	}
	r = s->trees.clash ? say_clash(s) : classify(s, code);
	if (r == -EBADMSG) {
		run_once(s->rollback);
		code = run_once(s->begin);
		r = code == SQLITE_OK ? find_refused(s, rows, n) : classify(s, code);
	}
	run_once(s->rollback);
	return r;
}

static void close_file(struct sqlite *s)
{
	sqlite3_stmt **const all[] = { &s->begin, &s->commit, &s->rollback };

	sqlite_trees_done(&s->trees);
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		sqlite3_finalize(*all[i]);
		*all[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

static void sqlite_close(struct sink *sink)
{
	struct sqlite *s = (struct sqlite *)sink;

	close_file(s);
	if (s->temporary)
		unlink(s->path);
	free(s);
}

/* What opening ends with: -EBUSY try again, else it is said what is wrong. */
static int fail(struct sqlite *s, const char *what)
{
	if (s->db != NULL && is_busy(sqlite3_errcode(s->db)))
		return -EBUSY;
	say_error("sink %s: %s: %s; give a file in a folder that can be written", s->path,
		  what, s->db != NULL ? sqlite3_errmsg(s->db) : "out of memory");
	return -EIO;
}

/* The file's own settings; cache is in KiB when negative. */
static int tune(struct sqlite *s, size_t cache, bool full_sync)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; "
		 "PRAGMA cache_size=-%zu;"
		 "PRAGMA wal_autocheckpoint=4000; PRAGMA temp_store=MEMORY",
		 full_sync ? "FULL" : "NORMAL", cache / 1024);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	if (sqlite3_exec(s->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return fail(s, "cannot be written");
	return 0;
}

static int create_tables(struct sqlite *s, unsigned *partitions)
{
	static const char sources[] =
		"CREATE TABLE IF NOT EXISTS source(id INTEGER PRIMARY KEY, cluster TEXT"
		" NOT NULL, topic TEXT NOT NULL, UNIQUE(cluster, topic))";

	int code = sqlite3_exec(s->db, sources, NULL, NULL, NULL);

	if (code == SQLITE_OK)
		code = sqlite_trees_create(&s->trees, s->db, partitions);
	if (code == SQLITE_MISMATCH) {
		say_error(
			"sink %s: has a view orders of another schema; give another file",
			s->path);
		return -EINVAL;
	}
	return code == SQLITE_OK ? 0 : fail(s, "tables cannot be made");
}

static int fail_schema(struct sqlite *s)
{
	if (is_busy(sqlite3_errcode(s->db)))
		return -EBUSY;
	say_error("sink %s: has tables of another schema (%s); give another file",
		  s->path, sqlite3_errmsg(s->db));
	return -EINVAL;
}

static int prepare(struct sqlite *s, const char *sql, sqlite3_stmt **ret)
{
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) ==
	    SQLITE_OK)
		return 0;
	return fail_schema(s);
}

/* Sources are numbered from 0, so the first one's key is partition << 40 | offset. */
static int find_source(struct sqlite *s, const struct sink_where *where)
{
	static const char add[] =
		"INSERT INTO source(id, cluster, topic)"
		" SELECT coalesce(max(id) + 1, 0), ?1, ?2 FROM source WHERE true"
		" ON CONFLICT(cluster, topic) DO NOTHING";
	static const char get[] =
		"SELECT id FROM source WHERE cluster = ?1 AND topic = ?2";
	const char *const texts[] = { add, get };
	int code = SQLITE_OK, r;

	for (int i = 0; i < 2; i++) {
		sqlite3_stmt *stmt = NULL;

		r = prepare(s, texts[i], &stmt);
		if (r != 0)
			return r;
		sqlite3_bind_text(stmt, 1, where->cluster, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 2, where->topic, -1, SQLITE_STATIC);
		code = sqlite3_step(stmt);
		if (code == SQLITE_ROW)
			s->trees.feed.source = sqlite3_column_int64(stmt, 0);
		sqlite3_finalize(stmt);
	}
	if (code != SQLITE_ROW)
		return fail(s, "source cannot be registered");
	if (s->trees.feed.source <= SINK_SOURCE_MAX)
		return 0;
	say_error("sink %s: holds %d topics already; give another file", s->path,
		  SINK_SOURCE_MAX + 1);
	return -ENOSPC;
}

/* sqlite:FILE[?sync=full]; no FILE: a temporary one. */
static int read_uri(struct sqlite *s, const char *uri, bool *ret_full_sync)
{
	const char *file = uri + strlen("sqlite:"), *query = strchr(file, '?');
	const char *folder = getenv("TMPDIR");
	size_t len = query != NULL ? (size_t)(query - file) : strlen(file);

	*ret_full_sync = query != NULL && strcmp(query, "?sync=full") == 0;
	if ((query != NULL && !*ret_full_sync) || len >= sizeof(s->path)) {
		say_error("sink %s: not understood; give sqlite:FILE or "
			  "sqlite:FILE?sync=full with a FILE below %zu bytes",
			  uri, sizeof(s->path));
		return -EINVAL;
	}
	s->temporary = len == 0;
	if (s->temporary)
		snprintf(s->path, sizeof(s->path), "%s/heapring-pipeline.%d.db",
			 folder != NULL ? folder : "/tmp", getpid());
	else
		snprintf(s->path, sizeof(s->path), "%.*s", (int)len, file);
	return 0;
}

static int open_file(struct sqlite *s, const struct sink_where *where)
{
	bool full_sync;
	int r = read_uri(s, where->uri, &full_sync);

	if (r != 0)
		return r;
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(s->path, &s->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				    SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return fail(s, "cannot be opened");
	return tune(s, where->cache, full_sync);
}

static int prepare_all(struct sqlite *s)
{
	int r;

	if ((r = prepare(s, "BEGIN IMMEDIATE", &s->begin)) != 0 ||
	    (r = prepare(s, "COMMIT", &s->commit)) != 0 ||
	    (r = prepare(s, "ROLLBACK", &s->rollback)) != 0)
		return r;
	return 0;
}

/* On failure the file is left as it was: closing it rolls back. */
static int open_once(struct sqlite *s, const struct sink_where *where)
{
	unsigned trees = where->partitions;
	int r;

	if ((r = open_file(s, where)) != 0 || (r = prepare_all(s)) != 0)
		return r;
	if (run_once(s->begin) != SQLITE_OK)
		return fail(s, "cannot be written");
	if ((r = create_tables(s, &trees)) != 0 || (r = find_source(s, where)) != 0 ||
	    sqlite_trees_prepare(&s->trees, trees) != SQLITE_OK)
		return r != 0 ? r : fail_schema(s);
	return run_once(s->commit) == SQLITE_OK ? 0 : fail(s, "cannot be written");
}

static bool may_wait(const struct sink_where *where, uint64_t start_ns)
{
	return units_now_ns() - start_ns < OPEN_NS &&
	       (where->stop == NULL || !where->stop());
}

static int open_all(struct sqlite *s, const struct sink_where *where)
{
	struct timespec pause = { 0, OPEN_PAUSE_NS };
	uint64_t start = units_now_ns();
	int r;

	while ((r = open_once(s, where)) == -EBUSY && may_wait(where, start)) {
		close_file(s);
		nanosleep(&pause, NULL);
	}
	if (r == -EBUSY)
		say_error("sink %s: another program has had it locked for %.0f s; end "
			  "that program or give another file",
			  s->path, (double)(units_now_ns() - start) / 1e9);
	return r;
}

struct sink *sink_sqlite_open(const struct sink_where *where)
{
	static const struct sink_ops ops = { "sqlite", sqlite_write, sqlite_close };
	struct sqlite *s = memory_zero(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->sink.ops = &ops;
	if (open_all(s, where) == 0)
		return &s->sink;
	sqlite_close(&s->sink);
	return NULL;
}

/*
 * sink - where rows are stored
 *
 * Chooses by the scheme of the URI and wraps the sink into chaos when a test
 * asks for it. Also the null sink: it looks at every row and keeps none, so that
 * a measurement shows the pipeline alone.
 */
#include "pipeline/sink/sink.h"

#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"

static int null_write(struct sink *sink, struct row *rows, unsigned n)
{
	(void)sink;
	(void)rows;
	(void)n;
	return 0;
}

static void null_close(struct sink *sink)
{
	free(sink);
}

static struct sink *null_open(void)
{
	static const struct sink_ops ops = { "null", null_write, null_close };
	struct sink *sink = memory_zero(1, sizeof(*sink));

	if (sink != NULL)
		sink->ops = &ops;
	return sink;
}

static struct sink *open_kind(const struct sink_where *where)
{
	if (strcmp(where->uri, "null") == 0)
		return null_open();
	if (strncmp(where->uri, "sqlite:", 7) == 0)
		return sink_sqlite_open(where);
	return sink_postgres_open(where);
}

struct sink *sink_open(const struct sink_where *where)
{
	struct sink *sink = open_kind(where);

	if (sink != NULL && where->chaos != NULL)
		sink = sink_chaos_open(sink, where->chaos);
	return sink;
}

void sink_close(struct sink *sink)
{
	if (sink != NULL)
		sink->ops->close(sink);
}

bool sink_stores(const char *uri)
{
	return strcmp(uri, "null") != 0;
}

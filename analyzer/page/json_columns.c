/*
 * json_columns - large JSON written as it is made, without a tree of it in memory
 */
#include "analyzer/page/json_columns.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "analyzer/profile/report.h"

static void put_comma(struct json_columns *columns)
{
	if (columns->follows)
		putc(',', columns->to);
	columns->follows = true;
}

static void start(struct json_columns *columns, const char *key, char bracket)
{
	put_comma(columns);
	if (key)
		fprintf(columns->to, "\"%s\":", key);
	putc(bracket, columns->to);
	columns->follows = false;
}

static void finish(struct json_columns *columns, char bracket)
{
	putc(bracket, columns->to);
	columns->follows = true;
}

void json_columns_open(struct json_columns *columns, const char *key)
{
	start(columns, key, '{');
}

void json_columns_close(struct json_columns *columns)
{
	finish(columns, '}');
}

void json_columns_begin(struct json_columns *columns, const char *key)
{
	start(columns, key, '[');
}

void json_columns_end(struct json_columns *columns)
{
	finish(columns, ']');
}

void json_columns_add(struct json_columns *columns, int64_t value)
{
	put_comma(columns);
	fprintf(columns->to, "%" PRId64, value);
}

void json_columns_add_real(struct json_columns *columns, double value)
{
	put_comma(columns);
	fprintf(columns->to, "%.6g", isfinite(value) ? value : 0);
}

static int put_escaped(const char *bytes, size_t length, void *to)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] == '<')
			fputs("\\u003c", to);
		else
			putc(bytes[i], to);
	return 0;
}

static int put_value(FILE *to, json_t *value)
{
	int r = value ? json_dump_callback(value, put_escaped, to,
					   JSON_COMPACT | JSON_ENCODE_ANY |
						   JSON_REAL_PRECISION(12))
		      : -1;

	return r == 0 ? 0 : -ENOMEM;
}

void json_columns_add_text(struct json_columns *columns, const char *text)
{
	json_t *string = report_json_text(text);

	put_comma(columns);
	if (put_value(columns->to, string) < 0)
		fputs("\"?\"", columns->to);
	json_decref(string);
}

int json_columns_put(struct json_columns *columns, json_t *object)
{
	const char *key;
	json_t *value;
	int r = object ? 0 : -ENOMEM;

	json_object_foreach(object, key, value)
	{
		if (r < 0)
			break;
		put_comma(columns);
		fprintf(columns->to, "\"%s\":", key);
		r = put_value(columns->to, value);
	}
	json_decref(object);
	return r;
}

/*
 * json_columns - large JSON written as it is made, without a tree of it in memory
 *
 * For the millions of numbers of a page. What is small is a json_t, put in whole.
 *
 * Contract
 *   - keys are plain names that need no escape;
 *   - no '<' is ever written as itself, so the text may stand in a script element.
 */
#ifndef ANALYZER_PAGE_JSON_COLUMNS_H
#define ANALYZER_PAGE_JSON_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

struct json_columns {
	FILE *to;
	bool follows; /* a comma comes before the next */
};

/* An object of columns or of objects, or the object of it all. */
void json_columns_open(struct json_columns *columns, const char *key);
void json_columns_close(struct json_columns *columns);

void json_columns_begin(struct json_columns *columns, const char *key);
void json_columns_add(struct json_columns *columns, int64_t value);
void json_columns_add_real(struct json_columns *columns, double value);
void json_columns_add_text(struct json_columns *columns, const char *text);
void json_columns_end(struct json_columns *columns);

/* All keys of the object; frees it. 0, or -ENOMEM also when it is NULL. */
int json_columns_put(struct json_columns *columns, json_t *object);

#endif

/*
 * table - rows of text in aligned columns
 *
 * Contract
 *   - columns are as wide as their widest cell; numbers go right, names left;
 *   - the last column is never padded, so lines end without blanks; one of names is
 *     shortened to the width of a terminal (name_fit.h), and only there;
 *   - colour is used on a terminal only, and never with NO_COLOR set.
 */
#ifndef ANALYZER_CONSOLE_TABLE_H
#define ANALYZER_CONSOLE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

struct table;

/*
 * One letter for each column: 'r' right, 'l' left; the last one may be 'n', names, or
 * 't', text that goes on below itself on a terminal (text_wrap.h).
 * NULL without memory.
 */
struct table *table_new(const char *alignment);
/* The same with its heading, as many cells as there are columns. */
struct table *table_begin(const char *alignment, const char *const *heading);
void table_free(struct table *table);

/* Adds a cell; after the last column a new row begins. Text is copied. */
void table_add(struct table *table, const char *text);

/* The first row is the heading. */
void table_print(const struct table *table, FILE *to);

/* Prints to stdout and frees. */
void table_end(struct table *table);

#endif

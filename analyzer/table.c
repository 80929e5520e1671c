/*
 * table - rows of text in aligned columns
 *
 * Cells are kept until printing, when the widths are known. Width is counted in
 * code points, which is right for everything but wide East Asian names. Control
 * characters never reach the terminal: names come from files.
 */
#include "analyzer/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/name_fit.h"
#include "analyzer/pager.h"

#define BETWEEN 2 /* blanks; one where that is what names need on a terminal */

struct table {
	const char *alignment;
	size_t columns;
	char **cells;
	size_t count;
};

struct table *table_new(const char *alignment)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table) {
		table->alignment = alignment;
		table->columns = strlen(alignment);
	}
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

void table_add(struct table *table, const char *text)
{
	char *cell = strdup(text ? text : "");

	if ((table->count & (table->count + 1)) == 0) {
		char **grown =
			realloc(table->cells, (table->count * 2 + 1) * sizeof(*grown));

		if (!grown) {
			free(cell);
			return;
		}
		table->cells = grown;
	}
	for (char *c = cell; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	table->cells[table->count++] = cell;
}

static int width_of(const char *text)
{
	return text ? (int)name_fit_width(text) : 0;
}

static int column_width(const struct table *table, size_t column)
{
	int widest = 0;

	for (size_t i = column; i < table->count; i += table->columns) {
		int width = width_of(table->cells[i]);

		if (width > widest)
			widest = width;
	}
	return widest;
}

bool table_uses_color(FILE *to)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0) &&
	       (to == stdout ? pager_is_terminal() : isatty(fileno(to)));
}

static size_t before_names(const struct table *table, const int *widths, int between)
{
	size_t before = 0;

	for (size_t c = 0; c + 1 < table->columns; c++)
		before += (size_t)(widths[c] + between);
	return before;
}

/* Blanks between columns. */
static int distance(const struct table *table, const int *widths)
{
	size_t columns = pager_columns();

	return columns > 0 && before_names(table, widths, BETWEEN) + NAME_FIT_LEAST >
				       columns
		       ? 1
		       : BETWEEN;
}

/* Names that do not fit behind the other columns of a terminal. */
static void shorten_names(const struct table *table, size_t before)
{
	size_t last = table->columns - 1;
	char text[4096];

	for (size_t i = last; i < table->count; i += table->columns) {
		char *shorter;

		if (!table->cells[i])
			continue;
		name_fit_screen(table->cells[i], before, text, sizeof(text));
		shorter = strcmp(text, table->cells[i]) == 0 ? NULL : strdup(text);
		if (shorter) {
			free(table->cells[i]);
			table->cells[i] = shorter;
		}
	}
}

static void print_cell(const struct table *table, size_t i, int width, int between,
		       FILE *to)
{
	size_t column = i % table->columns;
	const char *text = table->cells[i] ? table->cells[i] : "";
	int pad = width - width_of(text);
	bool last = column + 1 == table->columns;

	if (table->alignment[column] == 'r')
		fprintf(to, "%*s%s", pad, "", text);
	else
		fprintf(to, "%s%*s", text, last ? 0 : pad, "");
	if (!last)
		fprintf(to, "%*s", between, "");
}

void table_print(const struct table *table, FILE *to)
{
	bool color = table_uses_color(to);
	int *widths = calloc(table->columns + 1, sizeof(*widths)), between = BETWEEN;

	if (!widths)
		return;
	for (size_t c = 0; c < table->columns; c++)
		widths[c] = column_width(table, c);
	if (table->alignment[table->columns - 1] == 'n' && to == stdout) {
		between = distance(table, widths);
		shorten_names(table, before_names(table, widths, between));
	}
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->columns;

		if (i == 0 && color)
			fputs("\033[1m", to);
		print_cell(table, i, widths[column], between, to);
		if (column + 1 == table->columns) {
			if (i < table->columns && color)
				fputs("\033[0m", to);
			fputc('\n', to);
		}
	}
	free(widths);
}

struct table *table_begin(const char *alignment, const char *const *heading)
{
	struct table *table = table_new(alignment);

	for (size_t i = 0; table && i < table->columns; i++)
		table_add(table, heading[i]);
	return table;
}

void table_end(struct table *table)
{
	table_print(table, stdout);
	table_free(table);
}

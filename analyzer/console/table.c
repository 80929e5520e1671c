/*
 * table - rows of text in aligned columns
 *
 * Cells are kept until printing, when the widths are known. Width is counted in
 * code points, which is right for everything but wide East Asian names. Control
 * characters never reach the terminal: names come from files.
 */
#include "analyzer/console/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/console/name_fit.h"
#include "analyzer/console/pager.h"
#include "analyzer/console/text_wrap.h"

#define BETWEEN 2 /* blanks; one where a terminal is too narrow */

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

static bool uses_color(FILE *to)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0) &&
	       (to == stdout ? pager_is_terminal() : isatty(fileno(to)));
}

/* How the rows of a table are laid out. */
struct layout {
	int *widths;
	int between;    /* blanks between columns */
	size_t before;  /* columns that are taken where the last one begins */
	size_t columns; /* of the terminal; 0: there is none */
};

static size_t before_last(const struct table *table, const int *widths, int between)
{
	size_t before = 0;

	for (size_t c = 0; c + 1 < table->columns; c++)
		before += (size_t)(widths[c] + between);
	return before;
}

static bool lay_out(const struct table *table, FILE *to, struct layout *ret)
{
	*ret = (struct layout){ .widths =
					calloc(table->columns + 1, sizeof(*ret->widths)),
				.between = BETWEEN,
				.columns = to == stdout ? pager_columns() : 0 };
	if (!ret->widths)
		return false;
	for (size_t c = 0; c < table->columns; c++)
		ret->widths[c] = column_width(table, c);
	ret->before = before_last(table, ret->widths, BETWEEN);
	if (ret->columns > 0 && ret->before + NAME_FIT_LEAST > ret->columns) {
		ret->between = 1;
		ret->before = before_last(table, ret->widths, 1);
	}
	return true;
}

static void print_name(const char *text, const struct layout *layout, FILE *to)
{
	char fitted[4096];

	if (layout->columns > 0) {
		name_fit(text,
			 layout->columns > layout->before
				 ? layout->columns - layout->before
				 : 1,
			 fitted, sizeof(fitted));
		text = fitted;
	}
	fputs(text, to);
}

static void print_cell(const struct table *table, size_t i, const struct layout *layout,
		       FILE *to)
{
	size_t column = i % table->columns;
	const char *text = table->cells[i] ? table->cells[i] : "";
	int pad = layout->widths[column] - width_of(text);
	bool last = column + 1 == table->columns;

	if (table->alignment[column] == 'r')
		fprintf(to, "%*s%s", pad, "", text);
	else if (table->alignment[column] == 'n')
		print_name(text, layout, to);
	else if (table->alignment[column] == 't')
		text_wrap(text, layout->before, layout->columns, to);
	else
		fprintf(to, "%s%*s", text, last ? 0 : pad, "");
	if (!last)
		fprintf(to, "%*s", layout->between, "");
}

void table_print(const struct table *table, FILE *to)
{
	bool color = uses_color(to);
	struct layout layout;

	if (!lay_out(table, to, &layout))
		return;
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->columns;

		if (i == 0 && color)
			fputs("\033[1m", to);
		print_cell(table, i, &layout, to);
		if (column + 1 == table->columns) {
			if (i < table->columns && color)
				fputs("\033[0m", to);
			fputc('\n', to);
		}
	}
	free(layout.widths);
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

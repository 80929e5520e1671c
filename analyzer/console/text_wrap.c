#include "analyzer/console/text_wrap.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "analyzer/console/name_fit.h"
#include "analyzer/console/pager.h"

#define TEXT_WRAP_LINE 8192u

static bool is_command(const char *text)
{
	return strncmp(text, "heapring ", strlen("heapring ")) == 0;
}

/* Columns of so many bytes. */
static size_t width_of(const char *text, size_t bytes)
{
	size_t width = 0;

	for (size_t i = 0; i < bytes; i++)
		width += (text[i] & 0xc0) != 0x80;
	return width;
}

/* Bytes of the text's beginning that fit, up to a blank; at least one word. */
static size_t line_length(const char *text, size_t room)
{
	size_t length = strcspn(text, " ");

	while (text[length]) {
		size_t blanks = strspn(text + length, " ");
		size_t next = length + blanks + strcspn(text + length + blanks, " ");

		if (width_of(text, next) > room)
			break;
		length = next;
	}
	return length;
}

void text_wrap(const char *text, size_t indent, size_t columns, FILE *to)
{
	size_t room = columns > indent ? columns - indent : 0;

	if (room < TEXT_WRAP_LEAST || is_command(text) || name_fit_width(text) <= room) {
		fputs(text, to);
		return;
	}
	for (size_t length; *text; text += length) {
		text += strspn(text, " ");
		length = line_length(text, room);
		fprintf(to, "%.*s", (int)length, text);
		if (text[length])
			fprintf(to, "\n%*s", (int)indent, "");
	}
}

static size_t columns_of(FILE *to)
{
	return to == stdout ? pager_columns() : 0;
}

void text_wrap_lines(const char *lines, FILE *to)
{
	char line[TEXT_WRAP_LINE];

	while (*lines) {
		size_t length = strcspn(lines, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)length, lines);
		text_wrap(line, 0, columns_of(to), to);
		fputc('\n', to);
		lines += length + (lines[length] == '\n');
	}
}

void text_wrap_say(const char *format, ...)
{
	char line[TEXT_WRAP_LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	text_wrap(line, 0, columns_of(stdout), stdout);
}

/*
 * name_fit - a function's name in the columns that a terminal has
 *
 * Brackets are matched with a stack of what their opening ones were. Each level that is
 * left out is tried in turn, from the deepest: names are short enough for that, and only
 * those of a screen come here.
 */
#include "analyzer/console/name_fit.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/console/pager.h"
#include "analyzer/console/text.h"

#define ELLIPSIS "…"
#define CALLED_BY " < "
#define TEXT 4096u
#define LEVELS 64u

size_t name_fit_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

/* Adds so many bytes, or as many as there is room for. */
static void append(char *to, size_t room, const char *text, size_t length)
{
	size_t used = strlen(to);

	if (length > room - 1 - used)
		length = room - 1 - used;
	memcpy(to + used, text, length);
	to[used + length] = '\0';
}

static void keep(char *to, size_t room, const char *text, size_t length)
{
	*to = '\0';
	append(to, room, text, length);
}

static void append_text(char *to, size_t room, const char *text)
{
	append(to, room, text, strlen(text));
}

static bool is_name_character(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* Of operator<< and its like, which hold what else is a bracket; 0: none is here. */
static size_t operator_length(const char *text, const char *at)
{
	static const char *const symbols[] = { "()", "->*", "->", "<=>", "<<=", ">>=",
					       "<<", ">>",  "<=", ">=",  "<",   ">" };
	const size_t word = strlen("operator");

	if (!text_begins(at, "operator") || (at > text && is_name_character(at[-1])))
		return 0;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (text_begins(at + word, symbols[i]))
			return word + strlen(symbols[i]);
	return 0;
}

/* A text that is written with some of its bracketed parts left out. */
struct elision {
	const char *text, *at;
	const char *operator_end; /* where the last operator's name ended */
	unsigned keep;            /* levels whose contents stay */
	unsigned depth, deepest;  /* levels that count */
	unsigned open;            /* brackets that are open */
	bool counts[LEVELS];      /* of each: is it one of the levels? */
	char *ret;
	size_t room;
};

static void put(struct elision *elision, const char *from, size_t length)
{
	append(elision->ret, elision->room, from, length);
}

static bool is_operators_argument(const struct elision *elision)
{
	const char *end = elision->operator_end;

	return end && (elision->at == end || (elision->at == end + 1 && *end == ' '));
}

/* Does its content go first? Not in <T as Trait>::f and (anonymous namespace)::f. */
static bool holds_arguments(const struct elision *elision)
{
	const char *at = elision->at;
	char before = at > elision->text ? at[-1] : ' ';

	if (*at == '(')
		return !text_begins(at, "(anonymous namespace)");
	return is_name_character(before) || before == ':' || before == '}' ||
	       is_operators_argument(elision);
}

static bool opens(const struct elision *elision)
{
	const char *at = elision->at;

	return elision->open < LEVELS &&
	       (*at == '(' ||
		(*at == '<' && !(at > elision->text && text_begins(at - 1, CALLED_BY))));
}

static bool closes(const struct elision *elision)
{
	const char *at = elision->at;

	return elision->open > 0 &&
	       (*at == ')' || (*at == '>' && at > elision->text && at[-1] != '-'));
}

static void open_bracket(struct elision *elision)
{
	bool counts = holds_arguments(elision);

	elision->counts[elision->open++] = counts;
	elision->depth += counts;
	if (elision->depth > elision->deepest)
		elision->deepest = elision->depth;
	if (elision->depth <= elision->keep + counts)
		put(elision, elision->at, 1);
	if (counts && elision->depth == elision->keep + 1 && elision->at[1] != ')' &&
	    elision->at[1] != '>')
		put(elision, ELLIPSIS, strlen(ELLIPSIS));
	elision->at++;
}

static void close_bracket(struct elision *elision)
{
	bool counted = elision->counts[--elision->open];

	if (elision->depth <= elision->keep + counted)
		put(elision, elision->at, 1);
	elision->depth -= counted;
	elision->at++;
}

static void copy(struct elision *elision, size_t length)
{
	if (elision->depth <= elision->keep)
		put(elision, elision->at, length);
	elision->at += length;
}

/*
 * The text without what is in more than `keep` brackets; returns how deep it goes, 0
 * where brackets do not match: what they hold is not known then.
 */
static unsigned elide(const char *text, unsigned keep, char *ret, size_t room)
{
	struct elision elision = {
		.text = text, .at = text, .keep = keep, .ret = ret, .room = room
	};

	*ret = '\0';
	while (*elision.at) {
		size_t length = operator_length(text, elision.at);

		if (length > 0) {
			copy(&elision, length);
			elision.operator_end = elision.at;
		} else if (opens(&elision)) {
			open_bracket(&elision);
		} else if (closes(&elision)) {
			close_bracket(&elision);
		} else {
			copy(&elision, 1);
		}
	}
	return elision.open == 0 ? elision.deepest : 0;
}

/* Where so many columns of the text end. */
static const char *after_columns(const char *text, size_t columns)
{
	for (; *text; text++)
		if ((*text & 0xc0) != 0x80 && columns-- == 0)
			break;
	return text;
}

static void cut_middle(const char *text, size_t columns, char *ret, size_t room)
{
	size_t front = (columns - 1) / 2, back = columns - 1 - front;
	const char *end = after_columns(text, name_fit_width(text) - back);

	keep(ret, room, text, (size_t)(after_columns(text, front) - text));
	append_text(ret, room, ELLIPSIS);
	append_text(ret, room, end);
}

/* The longest end of the text that begins with "::" and fits; NULL: none does. */
static const char *last_scopes(const char *text, size_t columns)
{
	for (const char *at = strstr(text, "::"); at; at = strstr(at + 2, "::"))
		if (name_fit_width(at) <= columns)
			return at;
	return NULL;
}

/* Does the end of a name close a bracket that it does not open? <T as Trait>::f */
static bool is_unbalanced(const char *end)
{
	int open = 0;

	for (; *end; end++) {
		open += *end == '<';
		open -= *end == '>' && end[-1] != '-';
	}
	return open < 0;
}

/* Of a name of Rust the last scope of its type stays, in place of the outer one. */
static bool cut_type(const char *text, size_t columns, char *ret, size_t room)
{
	const char *end = last_scopes(text, columns - 2);

	if (!end)
		return false;
	keep(ret, room, "<", is_unbalanced(end));
	append_text(ret, room, ELLIPSIS);
	append_text(ret, room, end);
	return true;
}

static bool cut_scopes(const char *text, size_t columns, char *ret, size_t room)
{
	const char *first = strstr(text, "::");
	size_t outer = first ? (size_t)(first + 2 - text) : 0;
	const char *end = NULL;

	if (first && outer + 1 < columns)
		end = last_scopes(first + 2, columns - outer - 1);
	if (!end) {
		outer = 0;
		end = last_scopes(text, columns - 1);
	}
	if (!end)
		return false;
	keep(ret, room, text, outer);
	append_text(ret, room, ELLIPSIS);
	append_text(ret, room, end);
	return true;
}

/* Leaves out as many levels of arguments as it takes. Did that do? */
static bool fit_arguments(const char *text, size_t columns, char *ret, size_t room)
{
	unsigned levels = elide(text, LEVELS, ret, room);

	while (name_fit_width(ret) > columns && levels-- > 0)
		elide(text, levels, ret, room);
	return name_fit_width(ret) <= columns;
}

static void fit_name(const char *text, size_t columns, char *ret, size_t room)
{
	char shorter[TEXT];

	if (fit_arguments(text, columns, ret, room))
		return;
	keep(shorter, sizeof(shorter), ret, strlen(ret));
	if (!(*shorter == '<' ? cut_type : cut_scopes)(shorter, columns, ret, room))
		cut_middle(shorter, columns, ret, room);
}

/* "f.c:12" is told with every shortened name, "f.c" only where there is room. */
static bool is_line(const char *place)
{
	const char *colon = strrchr(place, ':');

	return colon && isdigit((unsigned char)colon[1]);
}

static void fit_frame(const char *text, size_t columns, char *ret, size_t room)
{
	size_t indent = strspn(text, " ");
	const char *place = strstr(text + indent, "  ");
	size_t after = place ? name_fit_width(place) : 0;
	char name[TEXT], fitted[TEXT];

	keep(name, sizeof(name), text + indent,
	     place ? (size_t)(place - text) - indent : strlen(text + indent));
	columns = columns > indent + NAME_FIT_LEAST ? columns - indent : NAME_FIT_LEAST;
	if (place && columns >= after + NAME_FIT_LEAST &&
	    (is_line(place) ||
	     fit_arguments(name, columns - after, fitted, sizeof(fitted))))
		columns -= after;
	else
		place = "";
	fit_name(name, columns, fitted, sizeof(fitted));
	keep(ret, room, text, indent);
	append_text(ret, room, fitted);
	append_text(ret, room, place);
}

/* Outer frames go, as many as it takes. */
static void fit_stack(const char *text, size_t columns, char *ret, size_t room)
{
	size_t cut = strlen(CALLED_BY) + 1, width;
	const char *end = NULL, *at;
	char shorter[TEXT];

	if (fit_arguments(text, columns, ret, room))
		return;
	keep(shorter, sizeof(shorter), ret, strlen(ret));
	width = name_fit_width(shorter);
	for (at = shorter; (at = strstr(at, CALLED_BY)); at++)
		if (!end || width - name_fit_width(at) + cut <= columns)
			end = at;
	/* what looked like a caller may have been left out with its brackets */
	keep(ret, room, shorter, end ? (size_t)(end - shorter) : strlen(shorter));
	if (name_fit_width(ret) + cut <= columns) {
		append_text(ret, room, CALLED_BY ELLIPSIS);
		return;
	}
	keep(shorter, sizeof(shorter), ret, strlen(ret));
	fit_frame(shorter, columns, ret, room);
}

void name_fit(const char *text, size_t columns, char *ret, size_t room)
{
	if (name_fit_width(text) <= columns)
		keep(ret, room, text, strlen(text));
	else if (strstr(text, CALLED_BY))
		fit_stack(text, columns, ret, room);
	else
		fit_frame(text, columns, ret, room);
}

void name_fit_screen(const char *text, size_t before, char *ret, size_t room)
{
	size_t columns = pager_columns();

	if (columns == 0)
		keep(ret, room, text, strlen(text));
	else
		name_fit(text, columns > before ? columns - before : 1, ret, room);
}

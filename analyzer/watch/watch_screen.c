#include "analyzer/watch/watch_screen.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#define WIDTH_MAX 1024

static bool is_utf8;
static attr_t inks[WATCH_INKS];

static void choose_inks(void)
{
	const char *no_color = getenv("NO_COLOR");

	inks[WATCH_BAR] = A_REVERSE;
	inks[WATCH_CHOSEN] = A_REVERSE;
	inks[WATCH_SOFT] = A_DIM;
	inks[WATCH_LOUD] = A_BOLD;
	if (!has_colors() || (no_color && *no_color))
		return;
	start_color();
	use_default_colors();
	init_pair(1, COLOR_RED, -1);
	init_pair(2, COLOR_GREEN, -1);
	init_pair(3, COLOR_BLACK, COLOR_CYAN);
	init_pair(4, COLOR_CYAN, -1);
	inks[WATCH_GREW] = COLOR_PAIR(1);
	inks[WATCH_SHRANK] = COLOR_PAIR(2);
	inks[WATCH_CHOSEN] = COLOR_PAIR(3);
	inks[WATCH_SOFT] = COLOR_PAIR(4);
}

int watch_screen_begin(struct fault *fault)
{
	const char *type = getenv("TERM");

	setlocale(LC_ALL, "");
	is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fault_set(fault, FAULT_USAGE, -ENOTTY,
				 "watch needs a terminal; `heapring top` prints once");
	if (!newterm(NULL, stdout, stdin))
		return fault_set(
			fault, FAULT_USAGE, -ENOTTY,
			"the terminal `%s` is not known here; set TERM, to xterm "
			"for one",
			type ? type : "");
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	choose_inks();
	return 0;
}

void watch_screen_end(void)
{
	endwin();
}

/* One character of the text: its columns, and how many bytes it took. */
static int next_character(const char **text, wchar_t *ret_wide)
{
	mbstate_t state = { 0 };
	size_t length = mbrtowc(ret_wide, *text, MB_CUR_MAX, &state);

	if (length == (size_t)-1 || length == (size_t)-2 || length == 0) {
		*ret_wide = L'?';
		length = 1;
	}
	*text += length;
	if (!iswprint((wint_t)*ret_wide) || wcwidth(*ret_wide) < 0)
		*ret_wide = L'?';
	return wcwidth(*ret_wide);
}

/* What of the text fits into the width; returns its columns. */
static int clip(const char *text, int width, wchar_t *ret_wide)
{
	int columns = 0, n = 0;

	while (*text && n < WIDTH_MAX - 1) {
		int more = next_character(&text, &ret_wide[n]);

		if (columns + more > width)
			break;
		columns += more;
		n++;
	}
	ret_wide[n] = L'\0';
	return columns;
}

static void put(int row, int column, int width, enum watch_ink ink, const char *text,
		bool to_the_right)
{
	wchar_t wide[WIDTH_MAX];
	int used;

	if (row < 0 || row >= LINES || column < 0 || column >= COLS)
		return;
	if (width > COLS - column)
		width = COLS - column;
	if (width <= 0)
		return;
	attron(inks[ink]);
	used = clip(text, width, wide);
	mvhline(row, column, ' ', width);
	mvaddwstr(row, column + (to_the_right ? width - used : 0), wide);
	attroff(inks[ink]);
}

void watch_put(int row, int column, int width, enum watch_ink ink, const char *text)
{
	put(row, column, width, ink, text, false);
}

void watch_put_right(int row, int column, int width, enum watch_ink ink, const char *text)
{
	put(row, column, width, ink, text, true);
}

void watch_put_points(int row, int column, int width, enum watch_ink ink,
		      const struct watch_points *points)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const letters[] = { "_", ".", "-", "~", "=", "+", "*", "#" };
	char text[WATCH_POINTS * 4 + 1] = "";
	int levels[WATCH_POINTS];

	if (width > (int)WATCH_POINTS)
		width = WATCH_POINTS;
	if (width <= 0)
		return;
	watch_points_levels(points, (unsigned)width, 8, levels);
	for (int i = 0; i < width; i++)
		strcat(text, levels[i] < 0 ? " "
			     : is_utf8     ? blocks[levels[i]]
					   : letters[levels[i]]);
	watch_put(row, column, width, ink, text);
}

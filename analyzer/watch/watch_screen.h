/*
 * watch_screen - what a terminal can show: clipped text, columns, sparklines
 *
 * Contract
 *   - text is clipped to its width in columns, whatever the locale; what cannot be
 *     printed in it is a '?';
 *   - sparklines are blocks where the locale is UTF-8 and ASCII elsewhere;
 *   - colours are used when the terminal has them and NO_COLOR is not set;
 *     everything that a colour says is said by a letter or a sign, too.
 */
#ifndef ANALYZER_WATCH_WATCH_SCREEN_H
#define ANALYZER_WATCH_WATCH_SCREEN_H

#include <stdbool.h>

#include "analyzer/console/fault.h"
#include "analyzer/watch/watch_points.h"

enum watch_ink {
	WATCH_PLAIN,
	WATCH_BAR,    /* heading and footer */
	WATCH_CHOSEN, /* the row with the cursor */
	WATCH_GREW,
	WATCH_SHRANK,
	WATCH_SOFT,
	WATCH_LOUD,
	WATCH_INKS
};

/* -ENOTTY: no terminal. */
int watch_screen_begin(struct fault *fault);
void watch_screen_end(void);

/* Puts the text at the row from `column` on, and blanks up to `width` columns. */
void watch_put(int row, int column, int width, enum watch_ink ink, const char *text);
/* The same, set to the right. */
void watch_put_right(int row, int column, int width, enum watch_ink ink,
		     const char *text);
void watch_put_points(int row, int column, int width, enum watch_ink ink,
		      const struct watch_points *points);

#endif

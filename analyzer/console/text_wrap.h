/*
 * text_wrap - prose in the columns that a terminal has
 *
 * Contract
 *   - lines break at blanks, and go on below where the text began; a word that is longer
 *     than a line stays whole, and so does a command to copy, which begins with the
 *     program's name;
 *   - on no terminal, or where less than TEXT_WRAP_LEAST columns are left, nothing
 *     breaks.
 */
#ifndef ANALYZER_CONSOLE_TEXT_WRAP_H
#define ANALYZER_CONSOLE_TEXT_WRAP_H

#include <stddef.h>
#include <stdio.h>

#define TEXT_WRAP_LEAST 24u

/* Prints the text; `indent` columns of the line are taken, and its end is the caller's.
 */
void text_wrap(const char *text, size_t indent, size_t columns, FILE *to);

/* Of lines that end with '\n' each, for stdout: as wide as its terminal. */
void text_wrap_lines(const char *lines, FILE *to);

/* One such line on stdout; without its end. */
__attribute__((format(printf, 1, 2))) void text_wrap_say(const char *format, ...);

#endif

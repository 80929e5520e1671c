/*
 * lines - a text file of the kernel's, line by line, without stdio
 */
#ifndef PRELOAD_LINES_H
#define PRELOAD_LINES_H

#include <stdbool.h>
#include <stdint.h>

#define LINES_KEPT 95u /* characters; the rest of a longer line is a name's */

/* Calls each for every line, without its newline. False: the file cannot be read. Uses
 * little of the stack. */
bool lines_each(const char *path, void (*each)(void *arg, const char *line), void *arg);

/* Reads digits, lower case ones past 9; returns what is behind them. */
const char *lines_number(const char *at, unsigned base, uint64_t *ret);

/* What comes after the next spaces. */
const char *lines_field(const char *at);

#endif

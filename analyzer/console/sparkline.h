/*
 * sparkline - a row of figures as a row of bars, one character each
 *
 * Contract
 *   - values of `low` and less are the lowest bar, of `high` and more the full one;
 *   - text is UTF-8, three bytes a value, and needs SPARKLINE_BYTES(n).
 */
#ifndef ANALYZER_CONSOLE_SPARKLINE_H
#define ANALYZER_CONSOLE_SPARKLINE_H

#include <stddef.h>

#define SPARKLINE_BYTES(n) (3 * (n) + 1)

void sparkline(const double *value, size_t n, double low, double high, char *text);

#endif

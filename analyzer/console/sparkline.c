/*
 * sparkline - a row of figures as a row of bars, one character each
 */
#include "analyzer/console/sparkline.h"

#include <string.h>

#define BARS 8

void sparkline(const double *value, size_t n, double low, double high, char *text)
{
	for (size_t i = 0; i < n; i++) {
		double part = high > low ? (value[i] - low) / (high - low) : 0;
		int bar = (int)(part * (BARS - 1) + 0.5);

		bar = bar < 0 ? 0 : bar >= BARS ? BARS - 1 : bar;
		/* U+2581 .. U+2588 */
		memcpy(text + 3 * i, "\xe2\x96\x81", 3);
		text[3 * i + 2] = (char)(0x81 + bar);
	}
	text[3 * n] = '\0';
}

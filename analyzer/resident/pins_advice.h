/*
 * pins_advice - what would help, by how much, and how sure that is
 */
#ifndef ANALYZER_RESIDENT_PINS_ADVICE_H
#define ANALYZER_RESIDENT_PINS_ADVICE_H

#include "analyzer/resident/pins.h"

#define PINS_ADVICE_MAX 4u

struct pins_advice {
	const char *key;
	char text[400];
	int64_t bytes; /* that RSS would fall by */
};

/* The one that saves most first; returns how many. */
unsigned pins_advice(const struct view_target *target, const struct pins *pins,
		     struct pins_advice advice[PINS_ADVICE_MAX]);

#endif

/*
 * layers - functions that most of their callers use without a trace
 *
 * A pool, a slab or the project's own malloc is where the blocks come from, whatever it
 * is called. What tells it is what becomes of the blocks: one caller gives back what it
 * takes, another keeps it. Then the function is not to blame but who keeps.
 *
 * Contract
 *   - functions are equal when their names' pointers are;
 *   - a layer has a caller that took a good part of what others kept, and left nothing
 *     of it; one caller alone never makes a layer;
 *   - of a function with very many callers only the first ones are looked at.
 */
#ifndef ANALYZER_VIEWS_LAYERS_H
#define ANALYZER_VIEWS_LAYERS_H

#include <stdbool.h>

struct layers;

struct layers *layers_new(void); /* NULL: no memory */
void layers_free(struct layers *layers);

/* The caller got so many bytes from the function, and so many more live than before. 0
 * or -ENOMEM. */
int layers_note(struct layers *layers, const char *function, const char *caller,
		double taken, double stayed);

bool layers_has(const struct layers *layers, const char *function);

#endif

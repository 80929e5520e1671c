/*
 * pprof_pieces - a pprof profile written piece by piece
 *
 * A message whose pieces are written one after the other is the message, so each
 * sample, location or text is packed and compressed alone: memory does not grow
 * with the profile, except for the index of texts.
 *
 * Contract
 *   - pieces may come in any order; texts are written by pprof_pieces_end();
 *   - the first error sticks, and pprof_pieces_end() returns it.
 */
#ifndef ANALYZER_PPROF_PPROF_PIECES_H
#define ANALYZER_PPROF_PPROF_PIECES_H

#include <stdint.h>
#include <stdio.h>

#include "pprof.pb-c.h"

struct pprof_pieces;

/* The stream stays the caller's. NULL without memory. */
struct pprof_pieces *pprof_pieces_new(FILE *to);

/* The number of a text in the profile's table; NULL and "" are 0. */
int64_t pprof_pieces_text(struct pprof_pieces *pieces, const char *text);

void pprof_pieces_put(struct pprof_pieces *pieces, const Pprof__Profile *piece);

/* Writes what is left and frees; 0 or a negative errno. */
int pprof_pieces_end(struct pprof_pieces *pieces);

#endif

/*
 * pprof_note - what pprof's format has no fields for, as one text
 *
 * Contract
 *   - the note says which process, mode, coverage and peak, as the JSON of the
 *     views does, so that a profile that was exported reads back complete;
 *   - it stands in the table of texts and nothing refers to it, so other programs
 *     never show it;
 *   - a text that is no note, or a damaged one, changes nothing.
 */
#ifndef ANALYZER_PPROF_PPROF_NOTE_H
#define ANALYZER_PPROF_PPROF_NOTE_H

#include <stdbool.h>

#include "analyzer/profile/profile.h"

/* free() it; NULL without memory. */
char *pprof_note_write(const struct profile *profile);

/* True when the text was a note; to be called after profile_add_up(). */
bool pprof_note_read(const char *text, struct profile *profile);

#endif

/*
 * thread_routine - what the threads run that a stack created
 *
 * Contract
 *   - the function that was given to pthread_create(), of the record's last thread; where
 *     it is a runtime's (std::thread, Rust), the program's own outermost function on the
 *     stacks that begin in it, if they all have the same one;
 *   - NULL: not known.
 */
#ifndef ANALYZER_VIEWS_THREAD_ROUTINE_H
#define ANALYZER_VIEWS_THREAD_ROUTINE_H

#include "analyzer/symbols/symbols.h"
#include "analyzer/views/place_table.h"

/* start: a record of segment->starts. */
const struct symbol *thread_routine(const struct profile *profile,
				    const struct symbols *symbols, uint32_t start);

/* Of the record with the most threads alive, else the most made, of those whose stack
 * goes through the creator. */
const struct symbol *thread_routine_by(const struct profile *profile,
				       const struct symbols *symbols,
				       const struct symbol *creator);

/* Where the routine is defined. */
struct place thread_routine_place(const struct symbol *routine);

#endif

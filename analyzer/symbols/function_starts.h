/*
 * function_starts - where the functions of a stripped file begin
 *
 * Why it exists: a stripped program has no names, but its unwind table still says
 * where each function begins. So all calls of one nameless function can be one
 * row of a report instead of one for each call.
 */
#ifndef ANALYZER_SYMBOLS_FUNCTION_STARTS_H
#define ANALYZER_SYMBOLS_FUNCTION_STARTS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/symbols/module_file.h"

struct function_starts {
	uint64_t *starts; /* sorted, in the file's terms */
	size_t count;
};

/* A file without a table it can read gives an empty list. */
int function_starts_load(const struct module_file *file,
			 struct function_starts *ret_starts);
void function_starts_done(struct function_starts *starts);

/* The nearest start at or below the address; 0 when there is none. */
uint64_t function_starts_find(const struct function_starts *starts, uint64_t address);

#endif

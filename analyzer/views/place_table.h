/*
 * place_table - the functions, source lines or modules that stacks go through
 *
 * Contract
 *   - numbers are dense, from 0; a place is there once;
 *   - texts are copied, so profiles that are compared can share one table;
 *   - the program itself is one module whatever its file is called, and so are
 *     the versions of one library: two builds of a program have equal places;
 *   - across builds a file is known by its name without folders: each build has its own;
 *   - a place that programs of different names share has no module, and no file where
 *     theirs differ;
 *   - function and same_module are unique pointers: equal ones are one function.
 */
#ifndef ANALYZER_VIEWS_PLACE_TABLE_H
#define ANALYZER_VIEWS_PLACE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct place {
	const char *function;
	const char *file;        /* NULL unknown */
	const char *module;      /* "" unknown */
	uint32_t line;           /* 0 unknown; of the function when it is the place */
	uint32_t start_line;     /* of the function, 0 unknown */
	const char *same_module; /* unique pointer, equal where modules count as one */
};

struct place_table;

struct place_table *place_table_new(bool across_builds);
void place_table_free(struct place_table *table);

/* by_line: places that differ in file or line are different ones. 0 or -ENOMEM. */
int place_table_add(struct place_table *table, const struct place *place, bool by_line,
		    bool is_program, uint32_t *ret_number);

uint32_t place_table_count(const struct place_table *table);
const struct place *place_table_get(const struct place_table *table, uint32_t number);

#endif

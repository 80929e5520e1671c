/*
 * source_names - names of source files as debug information has them, made absolute
 *
 * Why it exists: build systems name sources from the folder they compile in. Such a name
 * opens nothing anywhere else, and two programs' main.c would be one file.
 *
 * Contract
 *   - a unit begins with source_names_unit(); then its names may be asked for, which lie
 *     still and are known by their address until the next unit;
 *   - a relative name is joined with the folder in which the unit was compiled. One of a
 *     unit that does not tell its folder stays as it is;
 *   - there is no `.`, `//` or, but at the beginning of a relative one, `..` in an
 * answer, unless a `..` after a symbolic link leads to a file that the shorter name does
 * not;
 *   - answers lie in strings; NULL for NULL, or without memory.
 */
#ifndef ANALYZER_SYMBOLS_SOURCE_NAMES_H
#define ANALYZER_SYMBOLS_SOURCE_NAMES_H

#include <elfutils/libdw.h>

#include "analyzer/symbols/string_pool.h"

struct source_names;

struct source_names *source_names_new(struct string_pool *strings);
void source_names_free(struct source_names *names);

void source_names_unit(struct source_names *names, Dwarf_Die *unit);
const char *source_names_whole(struct source_names *names, const char *name);

#endif

/*
 * scope_names - whole names of C++ functions that have no mangled one
 *
 * Why it exists: gcc gives a lambda no linkage name, so its code would be called
 * operator(), as that of all other lambdas of the program. Here it is
 * main::{lambda@12}::operator(), with the line where it is written.
 *
 * Contract
 *   - a unit begins with scope_names_unit(); then scope_names_saw() is called for its
 *     DIEs in the order of the file, for all that have the same parent or none, and
 *     before the first of them for the parent. Nothing need be seen, but what was is
 *     not searched again;
 *   - a function is asked for while its unit is seen and answered afterwards, before
 *     the next unit. NULL: it is outside of any scope or in a language without scopes,
 *     so its own name is all; or memory was short. An answer lies in strings.
 */
#ifndef ANALYZER_SYMBOLS_SCOPE_NAMES_H
#define ANALYZER_SYMBOLS_SCOPE_NAMES_H

#include <elfutils/libdw.h>

#include "analyzer/symbols/string_pool.h"

struct scope_names;

struct scope_names *scope_names_new(struct string_pool *strings);
void scope_names_free(struct scope_names *names);

void scope_names_unit(struct scope_names *names, Dwarf_Die *unit);
void scope_names_saw(struct scope_names *names, Dwarf_Die *die, unsigned nesting);

/* A number for scope_names_answer(), which takes 0 as well. */
uint32_t scope_names_ask(struct scope_names *names, Dwarf_Die *function);
const char *scope_names_answer(struct scope_names *names, uint32_t number);

#endif

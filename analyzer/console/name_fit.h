/*
 * name_fit - a function's name in the columns that a terminal has
 *
 * Contract
 *   - what fits stays as it is; widths are counted in code points;
 *   - else template arguments and parameters become `…`, the innermost first and no more
 *     levels than it takes: std::_Rb_tree<…>::_M_insert_;
 *   - else scopes in the middle go, so that the outer one and the end stay; of a stack
 *     ("f < caller < main") its outer frames; of what has no scopes the middle;
 *   - blanks before the name stay, and so does a line that follows it after two blanks
 *     ("f  f.c:12") while the name keeps NAME_FIT_LEAST columns; a file or a module there
 *     goes before scopes do;
 *   - operator<, operator-> and the like are no brackets, and the type that a name of
 * Rust begins with, <T as Trait>::f, is no argument.
 */
#ifndef ANALYZER_CONSOLE_NAME_FIT_H
#define ANALYZER_CONSOLE_NAME_FIT_H

#include <stddef.h>

#define NAME_FIT_LEAST 20u /* columns a name gets, however narrow the terminal is */

/* The columns that a text takes. */
size_t name_fit_width(const char *text);

void name_fit(const char *text, size_t columns, char *ret, size_t room);

/* In what `before` columns leave of a line of stdout; the whole text on no terminal. */
void name_fit_screen(const char *text, size_t before, char *ret, size_t room);

#endif

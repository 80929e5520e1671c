/*
 * pager - long output goes through a pager when a person is looking
 *
 * Contract
 *   - only when stdout is a terminal; $HEAPRING_PAGER, else $PAGER, else less; set
 *     to "" or "cat" there is none;
 *   - without $LESS, less gets options that show short output directly;
 *   - pager_end() waits until the pager has been left; without one it does nothing;
 *   - pager_is_terminal() and pager_columns() are what stdout was before.
 */
#ifndef ANALYZER_CONSOLE_PAGER_H
#define ANALYZER_CONSOLE_PAGER_H

#include <stdbool.h>
#include <stddef.h>

void pager_begin(void);
void pager_end(void);
bool pager_is_terminal(void);
/* 0: stdout is no terminal, or its width is not known. */
size_t pager_columns(void);

#endif

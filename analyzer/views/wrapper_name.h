/*
 * wrapper_name - what a function's name says about whose memory it allocates
 *
 * Contract
 *   - names are demangled, without arguments; case, leading underscores and namespaces
 *     around a class do not matter;
 *   - a name alone is enough only where it says nothing else.
 */
#ifndef ANALYZER_VIEWS_WRAPPER_NAME_H
#define ANALYZER_VIEWS_WRAPPER_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define WRAPPER_NAME_CALLERS_MOST 4u

/* xmalloc, zcalloc, g_strdup, PyMem_Malloc, safe_alloc; slab_refill, Pool::take. */
bool wrapper_name_is_one(const char *function);

/* How many different callers make a function with this name a wrapper, at most
 * WRAPPER_NAME_CALLERS_MOST; 0: none would. */
uint32_t wrapper_name_callers_needed(const char *function);

/* C++: `app::Session::Session`, `List<int>::List`. */
bool wrapper_name_is_constructor(const char *function);

#endif

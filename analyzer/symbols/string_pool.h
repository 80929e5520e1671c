/*
 * string_pool - one copy of every name
 *
 * Contract
 *   - equal texts give the same pointer, so names compare with ==;
 *   - what was returned lives until string_pool_free().
 */
#ifndef ANALYZER_SYMBOLS_STRING_POOL_H
#define ANALYZER_SYMBOLS_STRING_POOL_H

struct string_pool;

struct string_pool *string_pool_new(void);
void string_pool_free(struct string_pool *strings);

/* NULL when text is NULL or memory ran out. */
const char *string_pool_keep(struct string_pool *strings, const char *text);

#endif

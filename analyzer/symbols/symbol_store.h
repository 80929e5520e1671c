/*
 * symbol_store - names that were found once, for the next command
 *
 * Why it exists: reading the debug information of a large program takes seconds, and
 * a person asks for `top`, then for `list`, then for `top` again.
 *
 * Contract
 *   - names are kept for a build of a module: its build-id and file name; and only
 *     for the build of heapring that found them. Without either nothing is kept;
 *   - they lie in cache_folder.h, a file for each module, together STORE_BYTES_MAX
 *     at most; the least recently used go first;
 *   - a file is there whole or not at all, so any number of processes may read and
 *     write at once: of two writers one wins. One that is damaged is none;
 *   - no failure is told: the names are then found as if there were no store.
 */
#ifndef ANALYZER_SYMBOLS_SYMBOL_STORE_H
#define ANALYZER_SYMBOLS_SYMBOL_STORE_H

#include "analyzer/symbols/string_pool.h"
#include "analyzer/symbols/symbols.h"

#define STORE_BYTES_MAX (256u << 20)
#define STORE_MODULE_MAX (128u << 20) /* a module with more is not kept */

struct symbol_store;

/* An address in the terms of the module's file, and what it is called. */
struct named_address {
	uint64_t address;
	const struct symbol *symbols; /* innermost first */
	uint32_t count;
};

/* What is kept of a module. NULL: nothing. */
struct symbol_store *symbol_store_open(const struct heapring_module *module);
void symbol_store_close(struct symbol_store *store);
uint32_t symbol_store_addresses(const struct symbol_store *store); /* NULL: 0 */

/*
 * How many symbols the address has, 0: not kept. Of the i-th function, file, lines and
 * whether it was inlined; texts are valid until symbol_store_close().
 */
uint32_t symbol_store_find(const struct symbol_store *store, uint64_t address,
			   uint32_t *ret_first);
struct symbol symbol_store_symbol(const struct symbol_store *store, uint32_t first,
				  uint32_t i);

/*
 * Keeps these, in the order of their addresses, and what was kept before (NULL:
 * nothing). Texts of the symbols are unique pointers of strings.
 */
void symbol_store_save(const struct heapring_module *module,
		       const struct symbol_store *before, struct string_pool *strings,
		       const struct named_address *named, uint32_t count);

#endif

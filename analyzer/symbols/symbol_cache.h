/*
 * symbol_cache - names that were found once, for whoever loads a process often
 *
 * Why it exists: `serve` and `watch` load the same live process again and again.
 * What an address of a module is called does not change, and finding it costs a
 * thousand times what counting costs.
 *
 * Contract
 *   - a module is known by its build-id and path; one without a build-id only
 *     within one image of one process;
 *   - an address that was put is found until its module is dropped; whole modules
 *     are dropped, the least recently asked for first, so that no more than
 *     SYMBOL_CACHE_MAX names are kept, however many processes come and go;
 *   - texts are copied in, and are valid until the next symbol_cache_module();
 *   - one thread at a time.
 */
#ifndef ANALYZER_SYMBOLS_SYMBOL_CACHE_H
#define ANALYZER_SYMBOLS_SYMBOL_CACHE_H

#include <stdint.h>

#include "analyzer/symbols/symbols.h"

#define SYMBOL_CACHE_MAX 1000000u /* names, of some 100 bytes each */

struct symbol_cache;
struct symbol_cache_module;

struct symbol_cache *symbol_cache_new(void);
void symbol_cache_free(struct symbol_cache *cache);

/* NULL: without memory, or cache is NULL. */
struct symbol_cache_module *symbol_cache_module(struct symbol_cache *cache,
						const struct heapring_header *process,
						const struct heapring_module *module);

/* How many symbols the address has, 0: not known; innermost first. Module may be NULL. */
uint32_t symbol_cache_find(const struct symbol_cache_module *module, uint64_t address,
			   const struct symbol **ret_symbols);

/* Remembers them; without memory it remembers nothing. Module may be NULL. */
void symbol_cache_put(struct symbol_cache_module *module, uint64_t address,
		      const struct symbol *symbols, uint32_t count);

#endif

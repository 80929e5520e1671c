/*
 * symbols - names, files and lines for the nodes of a profile
 *
 * Contract
 *   - every node on a stack has at least one symbol: the innermost inlined
 *     function first, the function whose code it is last;
 *   - names never vanish: what cannot be named is module+0x1234, or the bare
 *     address when no module is known;
 *   - all texts are unique pointers (string_pool.h): equal names compare with ==;
 *   - a module whose file has another build-id than the recorded one is not
 *     used, and symbols_warning() says so, once for each module;
 *   - of a packed dump the symbols are those that it carries.
 */
#ifndef ANALYZER_SYMBOLS_SYMBOLS_H
#define ANALYZER_SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/profile/profile.h"

struct symbol {
	const char *function;
	const char *file;    /* NULL unknown */
	const char *module;  /* file name without folders, "" unknown */
	const char *path;    /* of the module */
	uint32_t line;       /* 0 unknown */
	uint32_t start_line; /* of the function, 0 unknown */
	uint16_t flags;      /* HR_MODULE_* */
	uint8_t inlined;
};

/* Are both the same function? Lines and files may differ. */
static inline bool symbol_is_same_function(const struct symbol *a, const struct symbol *b)
{
	return a->function == b->function && a->module == b->module;
}

struct symbols;
struct symbol_cache;

/* Called before each module is read: done of total addresses. May be NULL. */
typedef void symbols_progress_fn(const char *module, uint32_t done, uint32_t total);

/* cache: what was found before and will be again, NULL none. */
int symbols_load(const struct profile *profile, struct symbol_cache *cache,
		 symbols_progress_fn *progress, struct symbols **ret_symbols,
		 struct fault *fault);
void symbols_free(struct symbols *symbols);

/* The symbols of a node that lies on a stack. Valid until symbols_free(). */
const struct symbol *symbols_of_node(const struct symbols *symbols, uint32_t node,
				     unsigned *ret_count);

/* The function that the last thread of that record of segment->starts began in, with
 * its first line. NULL: not known. */
const struct symbol *symbols_of_routine(const struct symbols *symbols, uint32_t start);

/* All of them, to number or mark; symbols_of_node() points into this array. */
const struct symbol *symbols_all(const struct symbols *symbols, uint32_t *ret_count);

/* The addresses, ordered by module and pc, and the symbols of each. */
uint32_t symbols_addresses(const struct symbols *symbols);
const struct symbol *symbols_of_address(const struct symbols *symbols, uint32_t address,
					unsigned *ret_count, uint64_t *ret_pc,
					uint16_t *ret_module);

/* What stands at the outer end of a stack that is not complete; NULL: nothing. */
const char *symbols_end_name(enum heapring_end end);

/* The i-th warning line, NULL past the last. */
const char *symbols_warning(const struct symbols *symbols, unsigned i);

#endif

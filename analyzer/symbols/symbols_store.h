/*
 * symbols_store - what symbols are made of, for who finds them
 *
 * Contract
 *   - symbols_append() adds a symbol to the address whose symbols come last; its
 *     texts are of `strings`. -ENOMEM, also when it has no function: its name could
 *     not be kept;
 *   - symbols_warn() keeps the first WARNINGS_MAX warnings.
 */
#ifndef ANALYZER_SYMBOLS_SYMBOLS_STORE_H
#define ANALYZER_SYMBOLS_SYMBOLS_STORE_H

#include <stdint.h>

#include "analyzer/profile/address_set.h"
#include "analyzer/symbols/string_pool.h"
#include "analyzer/symbols/symbols.h"

#define WARNINGS_MAX 16u

struct symbols {
	struct string_pool *strings;
	struct address_set set;
	struct symbol *entries;
	uint32_t entries_count, entries_room;
	uint32_t *first; /* by address, one more than there are addresses */
	char *warnings[WARNINGS_MAX];
	unsigned warnings_count;
};

int symbols_append(struct symbols *symbols, const struct symbol *symbol);
__attribute__((format(printf, 2, 3))) void symbols_warn(struct symbols *symbols,
							const char *format, ...);

#endif

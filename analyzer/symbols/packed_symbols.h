/*
 * packed_symbols - a profile's symbols from the names that were packed into its dump
 *
 * Contract
 *   - packed_symbols_give() names each address of the profile as it was named when
 *     the dump was packed; one that is not in the block is named by its offset.
 */
#ifndef ANALYZER_SYMBOLS_PACKED_SYMBOLS_H
#define ANALYZER_SYMBOLS_PACKED_SYMBOLS_H

#include <stdint.h>

#include "analyzer/segment/packed_block.h"
#include "analyzer/symbols/symbols.h"

/* An entry without what its module adds: module, path and flags. */
struct symbol packed_symbols_symbol(const struct packed_block *packed, uint32_t number);

/* 0 or -ENOMEM. */
int packed_symbols_give(const struct packed_block *packed, const struct profile *profile,
			struct symbols **ret_symbols);

#endif

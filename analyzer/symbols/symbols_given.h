/*
 * symbols_given - symbols that come with a profile instead of from its modules
 *
 * Contract
 *   - for each address, in order, symbols_given_begin() and then its symbols,
 *     innermost first; at least one each;
 *   - symbols_given_node() says at which address a node is, symbols_given_start() where
 *     the threads of a start begin: without it that is not known;
 *   - texts are copied.
 */
#ifndef ANALYZER_SYMBOLS_SYMBOLS_GIVEN_H
#define ANALYZER_SYMBOLS_SYMBOLS_GIVEN_H

#include "analyzer/symbols/symbols.h"

/* For so many of each. NULL without memory. */
struct symbols *symbols_given_new(uint32_t addresses, uint32_t nodes, uint32_t starts);
void symbols_given_begin(struct symbols *symbols, uint32_t address);
int symbols_given_add(struct symbols *symbols, const struct symbol *symbol);
void symbols_given_node(struct symbols *symbols, uint32_t node, uint32_t address);
void symbols_given_start(struct symbols *symbols, uint32_t start, uint32_t address);

/* Where the address is, for symbols_of_address(). */
void symbols_given_at(struct symbols *symbols, uint32_t address, uint64_t pc,
		      uint16_t module);
void symbols_given_warning(struct symbols *symbols, const char *text);

#endif

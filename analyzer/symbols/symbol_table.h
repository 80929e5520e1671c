/*
 * symbol_table - which function of an ELF file an address lies in
 *
 * Contract
 *   - looks at .symtab, minidebuginfo and .dynsym, whatever the file has;
 *   - of several names for one address the one a programmer would use wins:
 *     fewest leading underscores, then global, weak, local;
 *   - names stay valid until the module file is closed.
 */
#ifndef ANALYZER_SYMBOLS_SYMBOL_TABLE_H
#define ANALYZER_SYMBOLS_SYMBOL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/symbols/module_file.h"

struct symbol_entry {
	uint64_t start;
	uint64_t end; /* one past; a symbol without a size ends at the next one */
	const char *name;
	uint8_t rank; /* smaller is better among equals */
};

struct symbol_table {
	struct symbol_entry *entries; /* by start, one for each start */
	size_t count;
};

int symbol_table_load(const struct module_file *file, struct symbol_table *ret_table);
void symbol_table_done(struct symbol_table *table);

/* NULL when no function covers the address. */
const struct symbol_entry *symbol_table_find(const struct symbol_table *table,
					     uint64_t address);

#endif

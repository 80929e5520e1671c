/*
 * symbol_table - which function of an ELF file an address lies in
 *
 * libdwfl's own look-up walks the whole table for every address; for the sixty
 * thousand symbols of a compiler and as many addresses that is minutes.
 * Here the functions are sorted once and each look-up is a binary search.
 */
#include "analyzer/symbols/symbol_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t rank_of(const GElf_Sym *symbol, const char *name)
{
	size_t underscores = strspn(name, "_");
	unsigned bind = GELF_ST_BIND(symbol->st_info);
	unsigned order = bind == STB_GLOBAL ? 0 : bind == STB_WEAK ? 1 : 2;

	if (strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0)
		underscores = 0;
	if (underscores > 50)
		underscores = 50;
	return (uint8_t)(underscores * 4 + order);
}

static int by_start(const void *a, const void *b)
{
	const struct symbol_entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool is_code(const GElf_Sym *symbol)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);

	return type == STT_FUNC || type == STT_GNU_IFUNC ||
	       (type == STT_NOTYPE && symbol->st_shndx != SHN_UNDEF &&
		symbol->st_shndx < SHN_LORESERVE);
}

static size_t collect(const struct module_file *file, struct symbol_entry *entries,
		      int room)
{
	size_t count = 0;

	for (int i = 1; i < room; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		GElf_Word section;
		const char *name = dwfl_module_getsym_info(
			file->module, i, &symbol, &address, &section, NULL, NULL);

		if (!name || !*name || *name == '$' || section == SHN_UNDEF ||
		    !is_code(&symbol))
			continue;
		address -= file->bias;
		entries[count++] = (struct symbol_entry){
			.start = address,
			.end = symbol.st_size ? address + symbol.st_size : 0,
			.name = name,
			.rank = rank_of(&symbol, name),
		};
	}
	return count;
}

/* Keeps the best name of each start, with the longest extent of all of them. */
static size_t merge(struct symbol_entry *entries, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && entries[kept - 1].start == entries[i].start) {
			if (entries[i].end > entries[kept - 1].end)
				entries[kept - 1].end = entries[i].end;
			continue;
		}
		entries[kept++] = entries[i];
	}
	for (size_t i = 0; i < kept; i++)
		if (entries[i].end == 0)
			entries[i].end = i + 1 < kept ? entries[i + 1].start
						      : entries[i].start + 4096;
	return kept;
}

int symbol_table_load(const struct module_file *file, struct symbol_table *ret_table)
{
	int room = dwfl_module_getsymtab(file->module);
	struct symbol_table table = { 0 };

	if (room > 0) {
		table.entries = malloc((size_t)room * sizeof(*table.entries));
		if (!table.entries)
			return -ENOMEM;
		table.count = collect(file, table.entries, room);
		qsort(table.entries, table.count, sizeof(*table.entries), by_start);
		table.count = merge(table.entries, table.count);
	}
	*ret_table = table;
	return 0;
}

void symbol_table_done(struct symbol_table *table)
{
	free(table->entries);
	table->entries = NULL;
	table->count = 0;
}

const struct symbol_entry *symbol_table_find(const struct symbol_table *table,
					     uint64_t address)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->entries[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* a function may enclose another's start: look a few entries back */
	for (size_t back = 0; back < 4 && low > back; back++)
		if (address < table->entries[low - 1 - back].end)
			return &table->entries[low - 1 - back];
	return NULL;
}

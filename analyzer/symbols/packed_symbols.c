/*
 * packed_symbols - a profile's symbols from the names that were packed into its dump
 */
#include "analyzer/symbols/packed_symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/profile/address_set.h"
#include "analyzer/symbols/symbols_given.h"

struct symbol packed_symbols_symbol(const struct packed_block *packed, uint32_t number)
{
	const struct packed_entry *entry = &packed->entries[number];

	return (struct symbol){
		.function = packed->texts + entry->function,
		.file = entry->file ? packed->texts + entry->file : NULL,
		.line = entry->line,
		.start_line = entry->start_line,
		.inlined = (entry->flags & PACKED_INLINED) != 0,
	};
}

static int give_address(const struct packed_block *packed, struct symbols *symbols,
			const struct heapring_module *module,
			const struct address *address)
{
	const struct packed_address *found =
		packed_block_find(packed, address->module, address->pc);
	const char *path = module ? module->path : "", *base = strrchr(path, '/');
	struct symbol symbol = { .path = path,
				 .module = base ? base + 1 : path,
				 .flags = module ? module->flags : 0 };
	char name[HR_MODULE_PATH + 32];
	int r = 0;

	for (uint32_t i = 0; r == 0 && found && i < found->count; i++) {
		struct symbol named = packed_symbols_symbol(packed, found->first + i);

		named.path = symbol.path;
		named.module = symbol.module;
		named.flags = symbol.flags;
		r = symbols_given_add(symbols, &named);
	}
	if (found)
		return r;
	snprintf(name, sizeof(name), "%s%s0x%" PRIx64, symbol.module, module ? "+" : "",
		 module ? address->pc - module->bias : address->pc);
	symbol.function = name;
	return symbols_given_add(symbols, &symbol);
}

static int give_all(const struct packed_block *packed, const struct profile *profile,
		    const struct address_set *set, struct symbols *symbols)
{
	const struct segment *segment = profile->segment;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < set->count; i++) {
		uint16_t module = set->addresses[i].module;

		symbols_given_begin(symbols, i);
		symbols_given_at(symbols, i, set->addresses[i].pc, module);
		r = give_address(packed, symbols,
				 module ? &segment->modules[module - 1] : NULL,
				 &set->addresses[i]);
	}
	for (uint32_t id = 0; id < segment->nodes_count; id++)
		if (set->of_node[id] != ADDRESS_NONE)
			symbols_given_node(symbols, id, set->of_node[id]);
	for (uint32_t i = 0; i < segment->starts_count; i++)
		symbols_given_start(symbols, i, set->of_start[i]);
	for (uint32_t i = 0; i < packed->head.warnings; i++)
		symbols_given_warning(symbols, packed->texts + packed->warnings[i]);
	return r;
}

int packed_symbols_give(const struct packed_block *packed, const struct profile *profile,
			struct symbols **ret_symbols)
{
	struct address_set set = { 0 };
	struct symbols *symbols;
	int r = address_set_load(profile, &set);

	if (r < 0)
		return r;
	symbols = symbols_given_new(set.count, profile->segment->nodes_count,
				    profile->segment->starts_count);
	r = symbols ? give_all(packed, profile, &set, symbols) : -ENOMEM;
	address_set_done(&set);
	if (r < 0) {
		symbols_free(symbols);
		return r;
	}
	*ret_symbols = symbols;
	return 0;
}

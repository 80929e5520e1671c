/*
 * symbols - the symbols of a profile's addresses, however they were found
 *
 * An address has one symbol or, with inlined calls, several beside each other;
 * a node has an address. symbols_load.c finds them in files, the readers of pprof
 * profiles and packed dumps are given them (symbols_given.h).
 */
#include "analyzer/symbols/symbols.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/symbols/symbols_given.h"
#include "analyzer/symbols/symbols_store.h"

void symbols_warn(struct symbols *symbols, const char *format, ...)
{
	va_list args;

	if (symbols->warnings_count == WARNINGS_MAX)
		return;
	va_start(args, format);
	if (vasprintf(&symbols->warnings[symbols->warnings_count], format, args) >= 0)
		symbols->warnings_count++;
	va_end(args);
}

int symbols_append(struct symbols *symbols, const struct symbol *symbol)
{
	if (!symbol->function)
		return -ENOMEM;
	if (symbols->entries_count == symbols->entries_room) {
		uint32_t room = symbols->entries_room ? symbols->entries_room * 2 : 1024;
		struct symbol *grown = realloc(symbols->entries, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		symbols->entries = grown;
		symbols->entries_room = room;
	}
	symbols->entries[symbols->entries_count++] = *symbol;
	return 0;
}

struct symbols *symbols_given_new(uint32_t addresses, uint32_t nodes, uint32_t starts)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->strings = string_pool_new();
	symbols->first = calloc((size_t)addresses + 1, sizeof(*symbols->first));
	symbols->set.of_node = calloc((size_t)nodes + 1, sizeof(*symbols->set.of_node));
	symbols->set.of_start =
		calloc((size_t)starts + 1, sizeof(*symbols->set.of_start));
	symbols->set.addresses =
		calloc((size_t)addresses + 1, sizeof(*symbols->set.addresses));
	if (symbols->strings && symbols->first && symbols->set.of_node &&
	    symbols->set.of_start && symbols->set.addresses) {
		memset(symbols->set.of_start, 0xff,
		       starts * sizeof(*symbols->set.of_start));
		return symbols;
	}
	symbols_free(symbols);
	return NULL;
}

void symbols_given_begin(struct symbols *symbols, uint32_t address)
{
	symbols->first[address] = symbols->first[address + 1] = symbols->entries_count;
	symbols->set.count = address + 1;
}

int symbols_given_add(struct symbols *symbols, const struct symbol *symbol)
{
	struct symbol kept = *symbol;
	int r;

	kept.function = string_pool_keep(symbols->strings, symbol->function);
	kept.file = string_pool_keep(symbols->strings, symbol->file);
	kept.module = string_pool_keep(symbols->strings, symbol->module);
	kept.path = string_pool_keep(symbols->strings, symbol->path);
	r = symbols_append(symbols, &kept);
	symbols->first[symbols->set.count] = symbols->entries_count;
	return r;
}

void symbols_given_node(struct symbols *symbols, uint32_t node, uint32_t address)
{
	symbols->set.of_node[node] = address;
}

void symbols_given_start(struct symbols *symbols, uint32_t start, uint32_t address)
{
	symbols->set.of_start[start] = address;
}

void symbols_given_at(struct symbols *symbols, uint32_t address, uint64_t pc,
		      uint16_t module)
{
	symbols->set.addresses[address].pc = pc;
	symbols->set.addresses[address].module = module;
}

void symbols_given_warning(struct symbols *symbols, const char *text)
{
	symbols_warn(symbols, "%s", text);
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (unsigned i = 0; i < symbols->warnings_count; i++)
		free(symbols->warnings[i]);
	address_set_done(&symbols->set);
	if (symbols->strings)
		string_pool_free(symbols->strings);
	free(symbols->entries);
	free(symbols->first);
	free(symbols);
}

static const struct symbol *found(const struct symbols *symbols, uint32_t address,
				  unsigned *ret_count)
{
	*ret_count = 0;
	if (address == ADDRESS_NONE)
		return NULL;
	*ret_count = symbols->first[address + 1] - symbols->first[address];
	return symbols->entries + symbols->first[address];
}

const struct symbol *symbols_of_node(const struct symbols *symbols, uint32_t node,
				     unsigned *ret_count)
{
	return found(symbols, symbols->set.of_node[node], ret_count);
}

const struct symbol *symbols_of_routine(const struct symbols *symbols, uint32_t start)
{
	unsigned count;
	const struct symbol *symbol =
		found(symbols, symbols->set.of_start[start], &count);

	return symbol ? symbol + count - 1 : NULL;
}

uint32_t symbols_addresses(const struct symbols *symbols)
{
	return symbols->set.count;
}

const struct symbol *symbols_of_address(const struct symbols *symbols, uint32_t address,
					unsigned *ret_count, uint64_t *ret_pc,
					uint16_t *ret_module)
{
	*ret_count = symbols->first[address + 1] - symbols->first[address];
	*ret_pc = symbols->set.addresses[address].pc;
	*ret_module = symbols->set.addresses[address].module;
	return symbols->entries + symbols->first[address];
}

const struct symbol *symbols_all(const struct symbols *symbols, uint32_t *ret_count)
{
	*ret_count = symbols->entries_count;
	return symbols->entries;
}

const char *symbols_warning(const struct symbols *symbols, unsigned i)
{
	return i < symbols->warnings_count ? symbols->warnings[i] : NULL;
}

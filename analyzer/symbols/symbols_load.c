/*
 * symbols_load - finds the symbols of a profile in the files of its modules
 *
 * One pass over the address set, which is ordered by module: open the module's
 * file, resolve all its addresses, close it. For an address the debug
 * information answers first, then the symbol table, then the offset.
 *
 * A pc is a return address: the call is before it, so pc - 1 is looked up.
 */
#include "analyzer/symbols/symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/symbols/debug_info.h"
#include "analyzer/symbols/demangle.h"
#include "analyzer/symbols/function_starts.h"
#include "analyzer/symbols/kept_texts.h"
#include "analyzer/symbols/module_file.h"
#include "analyzer/symbols/packed_symbols.h"
#include "analyzer/symbols/perf_map.h"
#include "analyzer/symbols/symbol_cache.h"
#include "analyzer/symbols/symbol_store.h"
#include "analyzer/symbols/symbol_table.h"
#include "analyzer/symbols/symbols_store.h"

/* Of what a store holds, the part that is new when a command that goes on adds it. */
#define STORE_WAITS_FOR 16u

/* The module that is being resolved. */
struct resolving {
	struct symbols *symbols;
	const struct segment *segment;
	struct symbol_cache *cache;         /* NULL: none */
	struct symbol_cache_module *cached; /* of the module, NULL: none */
	struct symbol_store *stored;        /* of the module, NULL: none */
	const struct heapring_module *module;
	struct function_starts starts;
	struct symbol_table table;
	struct kept_texts *texts; /* of the file */
	struct perf_map perf;
	struct symbol blank; /* module, path and flags filled in */
	uint32_t gone;       /* modules whose file is not here */
	const char *first_gone;
};

static const char *keep_demangled(struct symbols *symbols, const char *name)
{
	char *readable = demangle(name);
	const char *kept = string_pool_keep(symbols->strings, readable);

	free(readable);
	return kept;
}

/* Names in .symtab may carry a version: fopen@@GLIBC_2.2.5. */
static const char *keep_entry_name(struct resolving *resolving,
				   const struct symbol_entry *entry)
{
	const char *at = strchr(entry->name, '@');
	const char *kept;
	char *cut;

	if (!at || at == entry->name)
		return kept_texts_readable(resolving->texts, entry->name);
	cut = strndup(entry->name, (size_t)(at - entry->name));
	if (!cut)
		return NULL;
	kept = keep_demangled(resolving->symbols, cut);
	free(cut);
	return kept;
}

/* What a tag's node is called: it has a number instead of an address. */
static const char *tag_name(struct resolving *resolving, uint64_t pc)
{
	char text[HR_TAG_NAME + 8];

	snprintf(text, sizeof(text), "[tag %s]",
		 segment_tag_name(resolving->segment, pc));
	return string_pool_keep(resolving->symbols->strings, text);
}

/*
 * A stripped file still says where its functions begin, so all calls in one
 * function are one row: module+0x<where it begins>.
 */
static const char *nameless(struct resolving *resolving, uint64_t pc, uint64_t address)
{
	struct symbols *symbols = resolving->symbols;
	const char *name = perf_map_find(&resolving->perf, pc - 1);
	uint64_t start = function_starts_find(&resolving->starts, address);
	char text[HR_MODULE_PATH + 32];

	if (name)
		return keep_demangled(symbols, name);
	if (pc & HR_TAG_PC)
		return tag_name(resolving, pc);
	if (resolving->module)
		snprintf(text, sizeof(text), "%s+0x%" PRIx64, resolving->blank.module,
			 start ? start : address + 1);
	else
		snprintf(text, sizeof(text), "0x%" PRIx64, pc);
	return string_pool_keep(symbols->strings, text);
}

/*
 * The debug information may know a C function by an alias for use inside its
 * library (_IO_new_fopen), where the symbol table has a plainer one (fopen), or
 * know the line but not the function of an address.
 */
static const char *frame_name(struct resolving *resolving,
			      const struct debug_frame *frame, uint64_t address)
{
	const struct symbol_entry *entry = NULL;

	if (!frame->function)
		entry = symbol_table_find(&resolving->table, address);
	else if (frame->entry && !frame->has_linkage_name)
		entry = symbol_table_find(&resolving->table, frame->entry);
	if (entry && frame->function &&
	    (entry->start != frame->entry ||
	     (strncmp(entry->name, "_Z", 2) != 0 &&
	      strspn(entry->name, "_") >= strspn(frame->function, "_"))))
		entry = NULL;
	if (entry)
		return keep_entry_name(resolving, entry);
	return kept_texts_readable(resolving->texts, frame->function);
}

static int append_frame(struct resolving *resolving, uint64_t pc,
			const struct debug_address *from, uint32_t i)
{
	const struct debug_frame *frame = &from->frames[i];
	struct symbol symbol = resolving->blank;

	symbol.function = frame_name(resolving, frame, from->address);
	if (!symbol.function)
		symbol.function = nameless(resolving, pc, from->address);
	symbol.file = kept_texts_plain(resolving->texts, frame->file);
	symbol.line = frame->line;
	symbol.start_line = frame->start_line;
	symbol.inlined = i + 1 < from->frames_count;
	return symbols_append(resolving->symbols, &symbol);
}

static int append_address(struct resolving *resolving, uint64_t pc,
			  const struct debug_address *from)
{
	const struct symbol_entry *entry;
	struct symbol symbol = resolving->blank;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < from->frames_count; i++)
		r = append_frame(resolving, pc, from, i);
	if (from->frames_count > 0)
		return r;
	entry = symbol_table_find(&resolving->table, from->address);
	symbol.function = entry ? keep_entry_name(resolving, entry)
				: nameless(resolving, pc, from->address);
	return symbols_append(resolving->symbols, &symbol);
}

/* Symbols as they were found before; those of the module are filled in. */
static int append_cached(struct resolving *resolving, const struct symbol *found,
			 uint32_t count)
{
	struct symbols *symbols = resolving->symbols;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		struct symbol symbol = resolving->blank;

		symbol.function = string_pool_keep(symbols->strings, found[i].function);
		symbol.file = string_pool_keep(symbols->strings, found[i].file);
		symbol.line = found[i].line;
		symbol.start_line = found[i].start_line;
		symbol.inlined = found[i].inlined;
		r = symbols_append(symbols, &symbol);
	}
	return r;
}

/* As append_cached(). */
static int append_stored(struct resolving *resolving, uint32_t stored, uint32_t count)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		struct symbol found = symbol_store_symbol(resolving->stored, stored, i);

		r = append_cached(resolving, &found, 1);
	}
	return r;
}

/* wanted: of those addresses that are neither cached nor stored, in their order. */
static int append_all(struct resolving *resolving, uint32_t from, uint32_t count,
		      const struct debug_address *wanted)
{
	struct symbols *symbols = resolving->symbols;
	int r = 0;

	for (uint32_t i = from; r == 0 && i < from + count; i++) {
		uint64_t pc = symbols->set.addresses[i].pc;
		uint64_t address = pc - 1 - resolving->module->bias;
		uint32_t first = symbols->entries_count;
		const struct symbol *found;
		uint32_t known = symbol_cache_find(resolving->cached, address, &found);
		uint32_t stored;

		symbols->first[i] = first;
		if (known > 0) {
			r = append_cached(resolving, found, known);
			continue;
		}
		known = symbol_store_find(resolving->stored, address, &stored);
		r = known > 0 ? append_stored(resolving, stored, known)
			      : append_address(resolving, pc, wanted++);
		if (r == 0)
			symbol_cache_put(resolving->cached, address,
					 symbols->entries + first,
					 symbols->entries_count - first);
	}
	return r;
}

/* The addresses [from, from + count) of one module that nobody knows yet. */
static uint32_t pick_unknown(const struct resolving *resolving, uint32_t from,
			     uint32_t count, struct debug_address *wanted)
{
	const struct address *addresses = resolving->symbols->set.addresses;
	const struct symbol *ignored;
	uint32_t picked = 0, first;

	for (uint32_t i = from; i < from + count; i++) {
		uint64_t address = addresses[i].pc - 1 - resolving->module->bias;

		if (symbol_cache_find(resolving->cached, address, &ignored) == 0 &&
		    symbol_store_find(resolving->stored, address, &first) == 0)
			wanted[picked++].address = address;
	}
	return picked;
}

/* Files that are gone are one warning together: there may be hundreds. */
static void explain_gone(struct resolving *resolving)
{
	char others[64] = " is";

	if (resolving->gone > 1)
		snprintf(others, sizeof(others),
			 " and %u more of the program's files are", resolving->gone - 1);
	if (resolving->gone > 0)
		symbols_warn(resolving->symbols,
			     "%s%s not here: offsets are shown for names; `heapring "
			     "pack` on the other machine puts names into the dump",
			     resolving->first_gone, others);
}

static void explain_unopened(struct resolving *resolving, int error)
{
	struct symbols *symbols = resolving->symbols;
	const char *path = resolving->module->path;

	if (error == -ESTALE)
		symbols_warn(symbols,
			     "%s is not the file that was profiled (another build-id): "
			     "its frames show offsets only",
			     path);
	else if (error == -ETIME)
		symbols_warn(symbols,
			     "%s was written after the profile and has no build-id to "
			     "compare: its frames show offsets only",
			     path);
	else if (error == -EINVAL && *path == '/')
		symbols_warn(symbols,
			     "%s is no program or library any more: its frames show "
			     "offsets only",
			     path);
	else if (error == -ENOENT && *path == '/' && resolving->gone++ == 0)
		resolving->first_gone = path;
}

static void explain_gap(struct resolving *resolving, const struct debug_gap *gap)
{
	if (gap->unreadable)
		symbols_warn(
			resolving->symbols,
			"the debug information of %s cannot be read: %s; no lines, no "
			"inlined calls",
			resolving->module->path, gap->unreadable);
	if (gap->without_multifile)
		symbols_warn(resolving->symbols,
			     "the debug information of %s is split by dwz, and the file "
			     "that it shares with others is not found: some names and "
			     "lines are missing",
			     resolving->module->path);
	if (gap->without_split)
		symbols_warn(
			resolving->symbols,
			"%s was compiled with -gsplit-dwarf and %u of its .dwo files are "
			"not found (a .dwp needs elfutils 0.192): their inlined calls "
			"are "
			"missing",
			resolving->module->path, gap->without_split);
}

/*
 * The names that debug information and symbol tables of a module's file know.
 * *ret_whole: no file that is found later will know more.
 */
static int read_file(struct resolving *resolving, const struct module_file *file,
		     struct debug_address *wanted, uint32_t unknown,
		     struct debug_info *info, bool *ret_whole)
{
	const struct debug_gap *gap = &info->gap;
	int r = function_starts_load(file, &resolving->starts);

	if (r == 0)
		r = symbol_table_load(file, &resolving->table);
	if (r == 0)
		r = debug_info_resolve(file, wanted, unknown, info);
	explain_gap(resolving, gap);
	*ret_whole = r == 0 && !gap->none && !gap->unreadable && !gap->without_split &&
		     !gap->without_multifile;
	return r;
}

/*
 * Keeps the names of the addresses [from, from + count) for the next command. One
 * that goes on (it has a cache) finds few new ones at a time, and waits for more.
 */
static void store(struct resolving *resolving, uint32_t from, uint32_t count,
		  uint32_t unknown)
{
	struct symbols *symbols = resolving->symbols;
	struct named_address *named;

	if (resolving->cache &&
	    unknown < symbol_store_addresses(resolving->stored) / STORE_WAITS_FOR)
		return;
	named = calloc(count, sizeof(*named));
	symbols->first[from + count] = symbols->entries_count;
	for (uint32_t i = 0; named && i < count; i++) {
		uint64_t pc = symbols->set.addresses[from + i].pc;
		uint32_t first = symbols->first[from + i];

		named[i] = (struct named_address){
			.address = pc - 1 - resolving->module->bias,
			.symbols = symbols->entries + first,
			.count = symbols->first[from + i + 1] - first,
		};
	}
	if (named)
		symbol_store_save(resolving->module, resolving->stored, symbols->strings,
				  named, count);
	free(named);
}

/* Resolves the addresses [from, from + count) of one module. */
static int resolve_file(struct resolving *resolving, const struct module_origin *origin,
			uint32_t from, uint32_t count)
{
	struct debug_address *wanted = calloc(count, sizeof(*wanted));
	uint32_t unknown = wanted ? pick_unknown(resolving, from, count, wanted) : 0;
	struct module_file file = { 0 };
	struct debug_info info = { 0 };
	int opened = 0, r;
	bool whole = false;

	resolving->texts = kept_texts_new(resolving->symbols->strings);
	r = wanted && resolving->texts ? 0 : -ENOMEM;
	if (unknown > 0)
		opened = module_file_open(resolving->module, origin, &file);
	if (opened < 0)
		explain_unopened(resolving, opened);
	if (r == 0 && file.dwfl)
		r = read_file(resolving, &file, wanted, unknown, &info, &whole);
	if (r == 0)
		r = append_all(resolving, from, count, wanted);
	if (r == 0 && whole)
		store(resolving, from, count, unknown);
	symbol_table_done(&resolving->table);
	debug_info_done(&info, wanted, unknown);
	free(wanted);
	kept_texts_free(resolving->texts);
	resolving->texts = NULL;
	function_starts_done(&resolving->starts);
	module_file_close(&file);
	return r;
}

static void fill_blank(struct resolving *resolving)
{
	struct symbols *symbols = resolving->symbols;
	const char *path = resolving->module ? resolving->module->path : "";
	const char *base = strrchr(path, '/');

	memset(&resolving->blank, 0, sizeof(resolving->blank));
	resolving->blank.path = string_pool_keep(symbols->strings, path);
	resolving->blank.module =
		string_pool_keep(symbols->strings, base ? base + 1 : path);
	resolving->blank.flags = resolving->module ? resolving->module->flags : 0;
}

static int resolve_module(struct resolving *resolving, const struct module_origin *origin,
			  uint32_t from, uint32_t count)
{
	struct symbols *symbols = resolving->symbols;
	const struct debug_address none = { 0 };
	int r = 0;

	fill_blank(resolving);
	if (resolving->module) {
		resolving->cached = symbol_cache_module(
			resolving->cache, &resolving->segment->header, resolving->module);
		resolving->stored = symbol_store_open(resolving->module);
		r = resolve_file(resolving, origin, from, count);
		symbol_store_close(resolving->stored);
		resolving->stored = NULL;
		return r;
	}
	for (uint32_t i = from; r == 0 && i < from + count; i++) {
		symbols->first[i] = symbols->entries_count;
		r = append_address(resolving, symbols->set.addresses[i].pc, &none);
	}
	return r;
}

static int resolve_all(struct symbols *symbols, const struct profile *profile,
		       struct symbol_cache *cache, symbols_progress_fn *progress)
{
	const struct segment *segment = profile->segment;
	const struct address_set *set = &symbols->set;
	const struct heapring_header *header = &segment->header;
	const struct module_origin origin = {
		.root_pid = profile->life == SEGMENT_LIVE ? header->pid : 0,
		.end_unix_ns = header->end_unix_ns,
	};
	struct resolving resolving = { .symbols = symbols,
				       .segment = segment,
				       .cache = cache };
	int r = 0;

	perf_map_load(header->pid, header->start_unix_ns, &resolving.perf);
	for (uint32_t i = 0, n; r == 0 && i < set->count; i += n) {
		uint16_t module = set->addresses[i].module;

		for (n = 1; i + n < set->count && set->addresses[i + n].module == module;)
			n++;
		resolving.module = module ? &segment->modules[module - 1] : NULL;
		if (progress)
			progress(module ? resolving.module->path : "", i, set->count);
		r = resolve_module(&resolving, &origin, i, n);
	}
	perf_map_done(&resolving.perf);
	explain_gone(&resolving);
	symbols->first[set->count] = symbols->entries_count;
	return r;
}

static int load_from_files(const struct profile *profile, struct symbol_cache *cache,
			   symbols_progress_fn *progress, struct symbols **ret_symbols)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	int r = symbols ? address_set_load(profile, &symbols->set) : -ENOMEM;

	if (r == 0) {
		symbols->strings = string_pool_new();
		symbols->first =
			calloc((size_t)symbols->set.count + 1, sizeof(*symbols->first));
		r = symbols->strings && symbols->first
			    ? resolve_all(symbols, profile, cache, progress)
			    : -ENOMEM;
	}
	if (r < 0) {
		symbols_free(symbols);
		return r;
	}
	*ret_symbols = symbols;
	return 0;
}

int symbols_load(const struct profile *profile, struct symbol_cache *cache,
		 symbols_progress_fn *progress, struct symbols **ret_symbols,
		 struct fault *fault)
{
	const struct packed_block *packed = profile->segment->packed;
	int r = packed ? packed_symbols_give(packed, profile, ret_symbols)
		       : load_from_files(profile, cache, progress, ret_symbols);

	if (r < 0)
		return fault_set(fault, FAULT_INPUT, r, "cannot load symbols: %s",
				 strerror(-r));
	return 0;
}

/*
 * symbols - names, files and lines for the nodes of a profile
 *
 * One pass over the address set, which is ordered by module: open the module's
 * file, resolve all its addresses, close it. For an address the debug
 * information answers first, then the symbol table, then the offset.
 *
 * A pc is a return address: the call is before it, so pc - 1 is looked up.
 */
#include "analyzer/symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/address_set.h"
#include "analyzer/debug_info.h"
#include "analyzer/demangle.h"
#include "analyzer/function_starts.h"
#include "analyzer/module_file.h"
#include "analyzer/perf_map.h"
#include "analyzer/string_pool.h"
#include "analyzer/symbol_table.h"
#include "analyzer/symbols_given.h"

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

/* The module that is being resolved. */
struct resolving {
	struct symbols *symbols;
	const struct segment *segment;
	const struct heapring_module *module;
	struct function_starts starts;
	struct symbol_table table;
	struct perf_map perf;
	struct symbol blank; /* module, path and flags filled in */
};

__attribute__((format(printf, 2, 3))) static void warn(struct symbols *symbols,
						       const char *format, ...)
{
	va_list args;

	if (symbols->warnings_count == WARNINGS_MAX)
		return;
	va_start(args, format);
	if (vasprintf(&symbols->warnings[symbols->warnings_count], format, args) >= 0)
		symbols->warnings_count++;
	va_end(args);
}

static int append(struct symbols *symbols, const struct symbol *symbol)
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

static const char *keep_demangled(struct symbols *symbols, const char *name)
{
	char *readable = demangle(name);
	const char *kept = string_pool_keep(symbols->strings, readable);

	free(readable);
	return kept;
}

/* Names in .symtab may carry a version: fopen@@GLIBC_2.2.5. */
static const char *keep_entry_name(struct symbols *symbols,
				   const struct symbol_entry *entry)
{
	const char *at = strchr(entry->name, '@');
	const char *kept;
	char *cut;

	if (!at || at == entry->name)
		return keep_demangled(symbols, entry->name);
	cut = strndup(entry->name, (size_t)(at - entry->name));
	if (!cut)
		return NULL;
	kept = keep_demangled(symbols, cut);
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
		return keep_entry_name(resolving->symbols, entry);
	return frame->function ? keep_demangled(resolving->symbols, frame->function)
			       : NULL;
}

static int append_frame(struct resolving *resolving, uint64_t pc,
			const struct debug_address *from, uint32_t i)
{
	const struct debug_frame *frame = &from->frames[i];
	struct symbol symbol = resolving->blank;

	symbol.function = frame_name(resolving, frame, from->address);
	if (!symbol.function)
		symbol.function = nameless(resolving, pc, from->address);
	symbol.file = frame->file;
	symbol.line = frame->line;
	symbol.start_line = frame->start_line;
	symbol.inlined = i + 1 < from->frames_count;
	return append(resolving->symbols, &symbol);
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
	symbol.function = entry ? keep_entry_name(resolving->symbols, entry)
				: nameless(resolving, pc, from->address);
	return append(resolving->symbols, &symbol);
}

/* Resolves the addresses [from, from + count) of one module. */
static int resolve_file(struct resolving *resolving, const struct module_file *file,
			uint32_t from, uint32_t count)
{
	struct symbols *symbols = resolving->symbols;
	const struct address *addresses = symbols->set.addresses + from;
	struct debug_address *wanted = calloc(count, sizeof(*wanted));
	int r = wanted ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < count; i++)
		wanted[i].address = addresses[i].pc - 1 - resolving->module->bias;
	if (r == 0 && file->dwfl)
		r = function_starts_load(file, &resolving->starts);
	if (r == 0 && file->dwfl)
		r = symbol_table_load(file, &resolving->table);
	if (r == 0 && file->dwfl)
		r = debug_info_resolve(file, symbols->strings, wanted, count);
	for (uint32_t i = 0; r == 0 && i < count; i++) {
		symbols->first[from + i] = symbols->entries_count;
		r = append_address(resolving, addresses[i].pc, &wanted[i]);
	}
	symbol_table_done(&resolving->table);
	if (wanted)
		debug_info_done(wanted, count);
	free(wanted);
	function_starts_done(&resolving->starts);
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

static int resolve_module(struct resolving *resolving, uint32_t root_pid, uint32_t from,
			  uint32_t count)
{
	struct module_file file = { 0 };
	int opened = -ENOENT, r = 0;

	fill_blank(resolving);
	if (resolving->module)
		opened = module_file_open(resolving->module, root_pid, &file);
	if (opened == -ESTALE)
		warn(resolving->symbols,
		     "%s is not the file that was profiled (another build-id): its "
		     "frames "
		     "show offsets only",
		     resolving->module->path);
	if (resolving->module)
		r = resolve_file(resolving, &file, from, count);
	for (uint32_t i = from; !resolving->module && r == 0 && i < from + count; i++) {
		const struct debug_address none = { 0 };

		resolving->symbols->first[i] = resolving->symbols->entries_count;
		r = append_address(resolving, resolving->symbols->set.addresses[i].pc,
				   &none);
	}
	module_file_close(&file);
	return r;
}

static int resolve_all(struct symbols *symbols, const struct profile *profile,
		       symbols_progress_fn *progress)
{
	const struct segment *segment = profile->segment;
	const struct address_set *set = &symbols->set;
	uint32_t root_pid = profile->life == SEGMENT_LIVE ? segment->header.pid : 0;
	struct resolving resolving = { .symbols = symbols, .segment = segment };
	int r = 0;

	perf_map_load(segment->header.pid, &resolving.perf);
	for (uint32_t i = 0, n; r == 0 && i < set->count; i += n) {
		uint16_t module = set->addresses[i].module;

		for (n = 1; i + n < set->count && set->addresses[i + n].module == module;)
			n++;
		resolving.module = module ? &segment->modules[module - 1] : NULL;
		if (progress)
			progress(module ? resolving.module->path : "", i, set->count);
		r = resolve_module(&resolving, root_pid, i, n);
	}
	perf_map_done(&resolving.perf);
	symbols->first[set->count] = symbols->entries_count;
	return r;
}

int symbols_load(const struct profile *profile, symbols_progress_fn *progress,
		 struct symbols **ret_symbols, struct fault *fault)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	int r = symbols ? address_set_load(profile, &symbols->set) : -ENOMEM;

	if (r == 0) {
		symbols->strings = string_pool_new();
		symbols->first =
			calloc((size_t)symbols->set.count + 1, sizeof(*symbols->first));
		r = symbols->strings && symbols->first
			    ? resolve_all(symbols, profile, progress)
			    : -ENOMEM;
	}
	if (r < 0) {
		symbols_free(symbols);
		return fault_set(fault, FAULT_INPUT, r, "cannot load symbols: %s",
				 strerror(-r));
	}
	*ret_symbols = symbols;
	return 0;
}

struct symbols *symbols_given_new(uint32_t addresses, uint32_t nodes)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->strings = string_pool_new();
	symbols->first = calloc((size_t)addresses + 1, sizeof(*symbols->first));
	symbols->set.of_node = calloc((size_t)nodes + 1, sizeof(*symbols->set.of_node));
	if (symbols->strings && symbols->first && symbols->set.of_node)
		return symbols;
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
	r = append(symbols, &kept);
	symbols->first[symbols->set.count] = symbols->entries_count;
	return r;
}

void symbols_given_node(struct symbols *symbols, uint32_t node, uint32_t address)
{
	symbols->set.of_node[node] = address;
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

const struct symbol *symbols_of_node(const struct symbols *symbols, uint32_t node,
				     unsigned *ret_count)
{
	uint32_t address = symbols->set.of_node[node];

	*ret_count = symbols->first[address + 1] - symbols->first[address];
	return symbols->entries + symbols->first[address];
}

const struct symbol *symbols_all(const struct symbols *symbols, uint32_t *ret_count)
{
	*ret_count = symbols->entries_count;
	return symbols->entries;
}

const char *symbols_end_name(enum heapring_end end)
{
	switch (end) {
	case HR_NODE_ROOT:
	case HR_END_COMPLETE:
		return NULL;
	case HR_END_DEPTH:
		return "[truncated]";
	case HR_END_NO_MODULE:
		return "[unknown: code in no module]";
	case HR_END_NO_CFI:
		return "[unknown: no unwind info]";
	case HR_END_BAD_FRAME:
		return "[unknown: damaged stack]";
	case HR_END_OFF_STACK:
		return "[unknown: outside the stack]";
	case HR_END_UNSUPPORTED:
		return "[unknown: unsupported unwind rule]";
	case HR_END_OVERFLOW:
		return "[overflow]";
	default:
		return "[unknown]";
	}
}

const char *symbols_warning(const struct symbols *symbols, unsigned i)
{
	return i < symbols->warnings_count ? symbols->warnings[i] : NULL;
}

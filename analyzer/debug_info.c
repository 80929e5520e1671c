/*
 * debug_info - the functions, inlined ones included, and lines of addresses
 *
 * libdw's dwarf_getscopes walks a unit from its top for every address. Here
 * every unit that holds addresses is walked once, and each function on the way
 * takes, by binary search, the addresses that lie in its ranges. Functions
 * without any are not entered. The few that hide inside types or other
 * functions (methods of local classes, nested functions) are found by a second
 * walk that enters everything, made only when addresses are left over.
 *
 * During the walk a frame's file and line hold the place of the *call* (where
 * it was inlined); finish_address() moves them to the frame that called and gives
 * the innermost frame the place from the line table.
 *
 * Unit ranges come from unit_ranges.c, not from .debug_aranges, which clang
 * does not write.
 */
#include "analyzer/debug_info.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwelf.h>

#include "analyzer/scope_names.h"
#include "analyzer/unit_ranges.h"

#define NESTING_LIMIT 256 /* damaged debug information may nest without end */

struct walk {
	struct debug_address *addresses; /* those of this unit, sorted */
	size_t count;
	Dwarf_Addr shift; /* file's address + shift = address in the debug file */
	Dwarf_Files *files;
	size_t files_count;
	struct scope_names *scopes;
	bool enter_all;
};

static size_t first_not_below(const struct walk *walk, Dwarf_Addr address)
{
	size_t low = 0, high = walk->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (walk->addresses[middle].address + walk->shift < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const char *die_name(Dwarf_Die *die, bool *ret_linkage)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	/* a C function renamed by an asm label (glibc's __GI_*) is still a C function */
	*ret_linkage =
		name && (strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0);
	if (!name && dwarf_attr_integrate(die, DW_AT_name, &attribute))
		name = dwarf_formstring(&attribute);
	return name;
}

static uint32_t die_number(Dwarf_Die *die, unsigned attribute_name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0;

	if (dwarf_attr_integrate(die, attribute_name, &attribute) &&
	    dwarf_formudata(&attribute, &value) == 0)
		return (uint32_t)value;
	return 0;
}

/* A function in several pieces has no low pc; the first piece is its entry. */
static bool die_entry(Dwarf_Die *die, Dwarf_Addr *ret_entry)
{
	Dwarf_Addr base, high;

	return dwarf_lowpc(die, ret_entry) == 0 || dwarf_entrypc(die, ret_entry) == 0 ||
	       dwarf_ranges(die, 0, &base, ret_entry, &high) > 0;
}

static struct debug_frame make_frame(const struct walk *walk, Dwarf_Die *die,
				     bool inlined)
{
	struct debug_frame frame = { 0 };
	Dwarf_Addr entry;

	frame.function = die_name(die, &frame.has_linkage_name);
	if (frame.function && !frame.has_linkage_name)
		frame.unnamed = scope_names_ask(walk->scopes, die);
	frame.start_line = die_number(die, DW_AT_decl_line);
	if (inlined) {
		uint32_t file = die_number(die, DW_AT_call_file);

		frame.line = die_number(die, DW_AT_call_line);
		if (walk->files && file < walk->files_count)
			frame.file = dwarf_filesrc(walk->files, file, NULL, NULL);
	} else if (die_entry(die, &entry)) {
		frame.entry = entry - walk->shift;
	}
	return frame;
}

/* Frames are pushed outermost first here; finish_address() turns them round. */
static int push(struct debug_address *address, const struct debug_frame *frame)
{
	struct debug_frame *grown;

	if (address->frames_count >= NESTING_LIMIT)
		return 0;
	grown = realloc(address->frames, (address->frames_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	address->frames = grown;
	address->frames[address->frames_count++] = *frame;
	return 0;
}

/*
 * Gives the addresses in [low, high) the frame, but for those that have a function
 * already: assembled functions have a DIE for each of their names.
 */
static int give_frame(struct walk *walk, Dwarf_Addr low, Dwarf_Addr high, bool inlined,
		      const struct debug_frame *frame)
{
	int r = 0;

	for (size_t i = first_not_below(walk, low);
	     r == 0 && i < walk->count && walk->addresses[i].address + walk->shift < high;
	     i++)
		if (inlined || walk->addresses[i].frames_count == 0)
			r = push(&walk->addresses[i], frame);
	return r;
}

static bool has_address(const struct walk *walk, Dwarf_Addr low, Dwarf_Addr high)
{
	size_t first = first_not_below(walk, low);

	return first < walk->count && walk->addresses[first].address + walk->shift < high;
}

/* Most DIEs of functions are declarations; their abbreviation says so at once. */
static bool has_code(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

/* The addresses that lie in the DIE get a frame for it, which is made at the first. */
static int take_addresses(struct walk *walk, Dwarf_Die *die, bool inlined,
			  bool *ret_taken)
{
	struct debug_frame frame;
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;
	bool taken = false;
	int r = 0;

	while (r == 0 && (offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
		if (!has_address(walk, low, high))
			continue;
		if (!taken)
			frame = make_frame(walk, die, inlined);
		taken = true;
		r = give_frame(walk, low, high, inlined, &frame);
	}
	*ret_taken = taken;
	return r;
}

static int walk_children(struct walk *walk, Dwarf_Die *parent, bool in_function,
			 int nesting);

/* A subprogram or an inlined one: its addresses get its frame. */
static int walk_function(struct walk *walk, Dwarf_Die *die, bool inlined, int nesting)
{
	bool taken = false;
	int r = has_code(die) ? take_addresses(walk, die, inlined, &taken) : 0;

	if (r == 0 && (taken || walk->enter_all))
		r = walk_children(walk, die, /*in_function=*/true, nesting + 1);
	return r;
}

static int walk_die(struct walk *walk, Dwarf_Die *die, bool in_function, int nesting)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		return walk_function(walk, die, /*inlined=*/false, nesting);
	case DW_TAG_inlined_subroutine:
		return walk_function(walk, die, /*inlined=*/true, nesting);
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		return in_function ? walk_children(walk, die, true, nesting + 1) : 0;
	case DW_TAG_namespace:
	case DW_TAG_module:
		return walk_children(walk, die, in_function, nesting + 1);
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return walk->enter_all
			       ? walk_children(walk, die, in_function, nesting + 1)
			       : 0;
	default:
		return 0;
	}
}

static int walk_children(struct walk *walk, Dwarf_Die *parent, bool in_function,
			 int nesting)
{
	Dwarf_Die die;
	int r = 0;

	if (nesting > NESTING_LIMIT || dwarf_child(parent, &die) != 0)
		return 0;
	do {
		scope_names_saw(walk->scopes, &die, (unsigned)nesting + 1);
		r = walk_die(walk, &die, in_function, nesting);
	} while (r == 0 && dwarf_siblingof(&die, &die) == 0);
	return r;
}

/* Whole names are known when all of the unit was seen. */
static void finish_name(const struct walk *walk, struct debug_frame *frame)
{
	const char *whole = scope_names_answer(walk->scopes, frame->unnamed);

	if (!whole)
		return;
	frame->function = whole;
	frame->has_linkage_name = true; /* or as good as that */
}

static void finish_address(struct walk *walk, Dwarf_Die *unit,
			   struct debug_address *address)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address->address + walk->shift);
	const char *file = NULL;
	int number = 0;

	for (uint32_t i = 0, j = address->frames_count; i + 1 < j; i++) {
		struct debug_frame swap = address->frames[i];

		address->frames[i] = address->frames[--j];
		address->frames[j] = swap;
	}
	if (line && address->frames_count == 0) /* a thunk: code without a function */
		push(address, &(struct debug_frame){ 0 });
	if (line) {
		dwarf_lineno(line, &number);
		file = dwarf_linesrc(line, NULL, NULL);
	}
	for (uint32_t i = 0; i < address->frames_count; i++) {
		struct debug_frame *frame = &address->frames[i];
		const char *call_file = frame->file;
		int call_line = (int)frame->line;

		finish_name(walk, frame);
		frame->file = file;
		frame->line = (uint32_t)number;
		file = call_file;
		number = call_line;
	}
}

static int walk_unit(struct walk *walk, struct unit_range *range)
{
	size_t left = 0;
	int r;

	walk->files = NULL;
	walk->files_count = 0;
	dwarf_getsrcfiles(&range->unit, &walk->files, &walk->files_count);
	walk->enter_all = false;
	scope_names_unit(walk->scopes, &range->functions);
	r = walk_children(walk, &range->functions, false, 0);
	for (size_t i = 0; i < walk->count; i++)
		left += walk->addresses[i].frames_count == 0;
	if (r == 0 && left > 0) {
		debug_info_done(walk->addresses, walk->count);
		walk->enter_all = true;
		scope_names_unit(walk->scopes, &range->functions);
		r = walk_children(walk, &range->functions, false, 0);
	}
	for (size_t i = 0; r == 0 && i < walk->count; i++)
		finish_address(walk, &range->unit, &walk->addresses[i]);
	return r;
}

static int by_unit(const void *a, const void *b)
{
	const struct debug_address *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

static int by_address(const void *a, const void *b)
{
	const struct debug_address *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Addresses come sorted by unit; those without one stand at the end. */
static int walk_units(struct walk *walk, struct unit_ranges *ranges,
		      struct debug_address *addresses, size_t count)
{
	int r = 0;

	for (size_t i = 0, n; r == 0 && i < count; i += n) {
		struct unit_range *range;

		if (addresses[i].unit == UINT32_MAX)
			break;
		range = unit_ranges_find(ranges, addresses[i].address + walk->shift);
		for (n = 1; i + n < count && addresses[i + n].unit == addresses[i].unit;)
			n++;
		walk->addresses = addresses + i;
		walk->count = n;
		r = walk_unit(walk, range);
	}
	return r;
}

/* Sections may be there in a compression that this libdw was built without. */
static const char *why_unreadable(const struct module_file *file)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(file->module, &bias);
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Chdr compressed;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names) != 0)
		return NULL;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		const char *name = gelf_getshdr(section, &header)
					   ? elf_strptr(elf, names, header.sh_name)
					   : NULL;

		if (!name || strcmp(name, ".debug_info") != 0)
			continue;
		if ((header.sh_flags & SHF_COMPRESSED) &&
		    gelf_getchdr(section, &compressed) && compressed.ch_type == 2)
			return "it is compressed with zstd, which this elfutils cannot "
			       "(0.189 and later can)";
		return "it is damaged";
	}
	return NULL;
}

/* dwz moves what several files share to one that they name. */
static bool lacks_multifile(Dwarf *dwarf)
{
	const char *name;
	const void *id;

	return dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &id) > 0 &&
	       !dwarf_getalt(dwarf);
}

int debug_info_resolve(const struct module_file *file, struct string_pool *strings,
		       struct debug_address *addresses, size_t count,
		       struct debug_gap *ret_gap)
{
	struct walk walk = { .scopes = NULL };
	struct unit_ranges ranges;
	Dwarf_Addr dwarf_bias;
	Dwarf *dwarf = dwfl_module_getdwarf(file->module, &dwarf_bias);
	int r;

	memset(ret_gap, 0, sizeof(*ret_gap));
	if (!dwarf)
		ret_gap->unreadable = why_unreadable(file);
	ret_gap->none = !dwarf && !ret_gap->unreadable;
	if (!dwarf || count == 0)
		return 0;
	ret_gap->without_multifile = lacks_multifile(dwarf);
	r = unit_ranges_load(dwarf, &ranges);
	if (r < 0)
		return r;
	ret_gap->without_split = ranges.without_split;
	walk.shift = file->bias - dwarf_bias;
	for (size_t i = 0; i < count; i++) {
		const struct unit_range *range =
			unit_ranges_find(&ranges, addresses[i].address + walk.shift);

		addresses[i].unit = range ? range->number : UINT32_MAX;
	}
	qsort(addresses, count, sizeof(*addresses), by_unit);
	walk.scopes = scope_names_new(strings);
	r = walk.scopes ? walk_units(&walk, &ranges, addresses, count) : -ENOMEM;
	scope_names_free(walk.scopes);
	qsort(addresses, count, sizeof(*addresses), by_address);
	unit_ranges_done(&ranges);
	return r;
}

void debug_info_done(struct debug_address *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(addresses[i].frames);
		addresses[i].frames = NULL;
		addresses[i].frames_count = 0;
	}
}

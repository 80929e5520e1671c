/*
 * debug_walk - the functions, inlined ones included, and lines of one unit's addresses
 *
 * libdw's dwarf_getscopes walks a unit from its top for every address. Here the unit is
 * walked once, and each function on the way takes, by binary search, the addresses that
 * lie in its ranges. Functions without any are not entered. The few that hide inside
 * types or other functions (methods of local classes, nested functions) are found by a
 * second walk that enters everything, made only when addresses are left over.
 *
 * During the walk a frame's file and line hold the place of the *call* (where
 * it was inlined); finish_address() moves them to the frame that called and gives
 * the innermost frame the place from the line table.
 */
#include "analyzer/symbols/debug_walk.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/symbols/scope_names.h"
#include "analyzer/symbols/source_names.h"

#define ABBREVS 128u      /* whose code is one byte; the most frequent are */
#define NESTING_LIMIT 256 /* damaged debug information may nest without end */

struct debug_walk {
	struct debug_address *addresses; /* those of this unit, sorted */
	size_t count;
	Dwarf_Addr shift; /* file's address + shift = address in the debug file */
	Dwarf_Files *files;
	size_t files_count;
	struct scope_names *scopes;
	struct source_names *sources;
	bool enter_all;
	Dwarf_Abbrev *abbrevs[ABBREVS]; /* of the unit, by code */
};

static size_t first_not_below(const struct debug_walk *walk, Dwarf_Addr address)
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

static struct debug_frame make_frame(const struct debug_walk *walk, Dwarf_Die *die,
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
			frame.file = source_names_whole(
				walk->sources,
				dwarf_filesrc(walk->files, file, NULL, NULL));
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
static int give_frame(struct debug_walk *walk, Dwarf_Addr low, Dwarf_Addr high,
		      bool inlined, const struct debug_frame *frame)
{
	int r = 0;

	for (size_t i = first_not_below(walk, low);
	     r == 0 && i < walk->count && walk->addresses[i].address + walk->shift < high;
	     i++)
		if (inlined || walk->addresses[i].frames_count == 0)
			r = push(&walk->addresses[i], frame);
	return r;
}

static bool has_address(const struct debug_walk *walk, Dwarf_Addr low, Dwarf_Addr high)
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
static int take_addresses(struct debug_walk *walk, Dwarf_Die *die, bool inlined,
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

/*
 * libdw looks a DIE's abbreviation up under a lock, which took a seventh of the time; it
 * leaves that out where the DIE has it.
 */
static int tag_of(struct debug_walk *walk, Dwarf_Die *die)
{
	unsigned char code = *(const unsigned char *)die->addr;
	int tag;

	if (code < ABBREVS)
		die->abbrev = walk->abbrevs[code];
	tag = dwarf_tag(die);
	if (code < ABBREVS && tag != DW_TAG_invalid)
		walk->abbrevs[code] = die->abbrev;
	return tag;
}

static int walk_children(struct debug_walk *walk, Dwarf_Die *parent, bool in_function,
			 int nesting);

/* A subprogram or an inlined one: its addresses get its frame. */
static int walk_function(struct debug_walk *walk, Dwarf_Die *die, bool inlined,
			 int nesting)
{
	bool taken = false;
	int r = has_code(die) ? take_addresses(walk, die, inlined, &taken) : 0;

	if (r == 0 && (taken || walk->enter_all))
		r = walk_children(walk, die, /*in_function=*/true, nesting + 1);
	return r;
}

static int walk_die(struct debug_walk *walk, Dwarf_Die *die, int tag, bool in_function,
		    int nesting)
{
	switch (tag) {
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

static int walk_children(struct debug_walk *walk, Dwarf_Die *parent, bool in_function,
			 int nesting)
{
	Dwarf_Die die;
	int r = 0;

	if (nesting > NESTING_LIMIT || dwarf_child(parent, &die) != 0)
		return 0;
	do {
		int tag = tag_of(walk, &die);

		scope_names_saw(walk->scopes, &die, (unsigned)nesting + 1);
		r = walk_die(walk, &die, tag, in_function, nesting);
	} while (r == 0 && dwarf_siblingof(&die, &die) == 0);
	return r;
}

/* Whole names are known when all of the unit was seen. */
static void finish_name(const struct debug_walk *walk, struct debug_frame *frame)
{
	const char *whole = scope_names_answer(walk->scopes, frame->unnamed);

	if (!whole)
		return;
	frame->function = whole;
	frame->has_linkage_name = true; /* or as good as that */
}

static void finish_address(struct debug_walk *walk, Dwarf_Die *unit,
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
		file = source_names_whole(walk->sources, dwarf_linesrc(line, NULL, NULL));
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

struct debug_walk *debug_walk_new(struct string_pool *strings, Dwarf_Addr shift)
{
	struct debug_walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return NULL;
	walk->shift = shift;
	walk->scopes = scope_names_new(strings);
	walk->sources = source_names_new(strings);
	if (walk->scopes && walk->sources)
		return walk;
	debug_walk_free(walk);
	return NULL;
}

void debug_walk_free(struct debug_walk *walk)
{
	if (!walk)
		return;
	scope_names_free(walk->scopes);
	source_names_free(walk->sources);
	free(walk);
}

int debug_walk_unit(struct debug_walk *walk, Dwarf_Die *unit, Dwarf_Die *functions,
		    struct debug_address *addresses, size_t count)
{
	size_t left = 0;
	int r;

	walk->addresses = addresses;
	walk->count = count;
	memset(walk->abbrevs, 0, sizeof(walk->abbrevs));
	walk->files = NULL;
	walk->files_count = 0;
	dwarf_getsrcfiles(unit, &walk->files, &walk->files_count);
	source_names_unit(walk->sources, unit);
	walk->enter_all = false;
	scope_names_unit(walk->scopes, functions);
	r = walk_children(walk, functions, false, 0);
	for (size_t i = 0; i < walk->count; i++)
		left += walk->addresses[i].frames_count == 0;
	if (r == 0 && left > 0) {
		debug_address_forget(walk->addresses, walk->count);
		walk->enter_all = true;
		scope_names_unit(walk->scopes, functions);
		r = walk_children(walk, functions, false, 0);
	}
	for (size_t i = 0; r == 0 && i < walk->count; i++)
		finish_address(walk, unit, &walk->addresses[i]);
	return r;
}

void debug_address_forget(struct debug_address *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(addresses[i].frames);
		addresses[i].frames = NULL;
		addresses[i].frames_count = 0;
	}
}

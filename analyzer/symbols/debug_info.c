/*
 * debug_info - the functions, inlined ones included, and lines of addresses
 *
 * Addresses are put in order of their units, and debug_walk.h goes through each unit
 * once. Reading some hundred MiB of units takes seconds, so several threads take them in
 * turn. libdw may be used by one thread for each Dwarf; a further Dwarf on the same Elf
 * costs little, because the sections are mapped, or uncompressed, already.
 *
 * Unit ranges come from unit_ranges.c, not from .debug_aranges, which clang
 * does not write.
 */
#include "analyzer/symbols/debug_info.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwelf.h>

#include "analyzer/symbols/unit_ranges.h"

#define UNITS_FOR_A_READER 32u /* fewer are walked sooner than a thread starts */

/* The addresses of one unit. */
struct share {
	struct unit_range *unit;
	struct debug_address *addresses;
	size_t count;
};

struct shares {
	struct share *shares;
	size_t count;
	Dwarf_Addr shift;
	atomic_size_t next;
};

struct reader {
	struct shares *shares;
	Dwarf *dwarf; /* NULL: that of the shares' units */
	struct string_pool *strings;
	pthread_t thread;
	int result;
};

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
static int share_out(struct unit_ranges *ranges, struct debug_address *addresses,
		     size_t count, struct shares *shares)
{
	shares->shares = calloc(count, sizeof(*shares->shares));
	if (!shares->shares)
		return -ENOMEM;
	for (size_t i = 0, n; i < count && addresses[i].unit != UINT32_MAX; i += n) {
		uint64_t address = addresses[i].address + shares->shift;

		for (n = 1; i + n < count && addresses[i + n].unit == addresses[i].unit;)
			n++;
		shares->shares[shares->count++] =
			(struct share){ unit_ranges_find(ranges, address), addresses + i,
					n };
	}
	return 0;
}

/* The same DIE in another Dwarf of the same sections. */
static bool find_die(Dwarf *dwarf, Dwarf_Die *die, Dwarf_Die *ret_die)
{
	return dwarf_offdie(dwarf, dwarf_dieoffset(die), ret_die) != NULL;
}

static int read_share(struct reader *reader, struct debug_walk *walk,
		      const struct share *share)
{
	Dwarf_Die unit = share->unit->unit, functions = share->unit->functions;

	if (reader->dwarf) {
		if (!find_die(reader->dwarf, &share->unit->unit, &unit))
			return 0; /* damaged: no frames */
		functions = unit;
	}
	return debug_walk_unit(walk, &unit, &functions, share->addresses, share->count);
}

/* relaxed: a number is taken once, and what was written is read after the join. */
static void *read_shares(void *arg)
{
	struct reader *reader = arg;
	struct shares *shares = reader->shares;
	struct debug_walk *walk = debug_walk_new(reader->strings, shares->shift);
	size_t i;

	reader->result = walk ? 0 : -ENOMEM;
	while (reader->result == 0 &&
	       (i = atomic_fetch_add_explicit(&shares->next, 1, memory_order_relaxed)) <
		       shares->count)
		reader->result = read_share(reader, walk, &shares->shares[i]);
	debug_walk_free(walk);
	return NULL;
}

/* Units whose functions are in other files would have each reader open them all. */
static bool has_split_units(const struct shares *shares)
{
	for (size_t i = 0; i < shares->count; i++)
		if (shares->shares[i].unit->unit.addr !=
		    shares->shares[i].unit->functions.addr)
			return true;
	return false;
}

static unsigned readers_for(const struct shares *shares)
{
	size_t most = shares->count / UNITS_FOR_A_READER;
	cpu_set_t cpus;

	if (most > DEBUG_READERS_MAX)
		most = DEBUG_READERS_MAX;
	if (most < 2 || has_split_units(shares) ||
	    sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return 1;
	return most < (size_t)CPU_COUNT(&cpus) ? (unsigned)most
					       : (unsigned)CPU_COUNT(&cpus);
}

/* One reader more, with a Dwarf of its own; false: those there are must do. */
static bool add_reader(struct debug_info *info)
{
	unsigned i = info->readers;

	if (i > 0) {
		info->dwarf[i] =
			dwarf_begin_elf(dwarf_getelf(info->dwarf[0]), DWARF_C_READ, NULL);
		if (!info->dwarf[i])
			return false;
	}
	info->strings[i] = string_pool_new();
	if (info->strings[i])
		info->readers++;
	return info->strings[i] != NULL;
}

/* This thread is the first reader. */
static int read_all(struct debug_info *info, struct shares *shares)
{
	struct reader readers[DEBUG_READERS_MAX];
	unsigned wanted = readers_for(shares), started = 1;
	int r;

	while (info->readers < wanted && add_reader(info))
		;
	if (info->readers == 0)
		return -ENOMEM;
	for (unsigned i = 0; i < info->readers; i++)
		readers[i] = (struct reader){ .shares = shares,
					      .dwarf = i ? info->dwarf[i] : NULL,
					      .strings = info->strings[i] };
	while (started < info->readers &&
	       pthread_create(&readers[started].thread, NULL, read_shares,
			      &readers[started]) == 0)
		started++;
	read_shares(&readers[0]);
	r = readers[0].result;
	for (unsigned i = 1; i < started; i++) {
		pthread_join(readers[i].thread, NULL);
		r = r == 0 ? readers[i].result : r;
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

static int resolve(struct debug_info *info, struct debug_address *addresses, size_t count,
		   Dwarf_Addr shift)
{
	struct shares shares = { .shift = shift };
	struct unit_ranges ranges;
	int r = unit_ranges_load(info->dwarf[0], &ranges);

	if (r < 0)
		return r;
	info->gap.without_split = ranges.without_split;
	for (size_t i = 0; i < count; i++) {
		const struct unit_range *range =
			unit_ranges_find(&ranges, addresses[i].address + shift);

		addresses[i].unit = range ? range->number : UINT32_MAX;
	}
	qsort(addresses, count, sizeof(*addresses), by_unit);
	r = share_out(&ranges, addresses, count, &shares);
	if (r == 0)
		r = read_all(info, &shares);
	free(shares.shares);
	qsort(addresses, count, sizeof(*addresses), by_address);
	unit_ranges_done(&ranges);
	return r;
}

int debug_info_resolve(const struct module_file *file, struct debug_address *addresses,
		       size_t count, struct debug_info *ret_info)
{
	Dwarf_Addr bias;
	Dwarf *dwarf = dwfl_module_getdwarf(file->module, &bias);

	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->dwarf[0] = dwarf;
	if (!dwarf)
		ret_info->gap.unreadable = why_unreadable(file);
	ret_info->gap.none = !dwarf && !ret_info->gap.unreadable;
	if (!dwarf || count == 0)
		return 0;
	ret_info->gap.without_multifile = lacks_multifile(dwarf);
	return resolve(ret_info, addresses, count, file->bias - bias);
}

void debug_info_done(struct debug_info *info, struct debug_address *addresses,
		     size_t count)
{
	debug_address_forget(addresses, count);
	for (unsigned i = 0; i < DEBUG_READERS_MAX; i++) {
		if (i > 0 && info->dwarf[i])
			dwarf_end(info->dwarf[i]);
		string_pool_free(info->strings[i]);
	}
	memset(info, 0, sizeof(*info));
}

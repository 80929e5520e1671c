/*
 * scope_names - whole names of C++ functions that have no mangled one
 *
 * libdw knows no parents. DIEs lie in preorder, so the last one seen at or before a
 * function's is the function or, since siblings are seen together, one around it that
 * was not entered: from there the way down is searched. Above it, each level's scope
 * is the last DIE seen on that level.
 */
#include "analyzer/symbols/scope_names.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "analyzer/symbols/demangle.h"

#define PATH_LIMIT 64u
#define ORIGIN_LIMIT 8u /* damaged debug information may refer in a circle */

struct seen {
	Dwarf_Die die;
	uint32_t nesting; /* 0: the unit */
};

struct found {
	UT_hash_handle hh;
	const void *address; /* of the DIE */
	const char *name;
};

struct scope_names {
	struct string_pool *strings;
	struct seen *seen;
	uint32_t count, room;
	bool has_scopes; /* the unit's language */
	Dwarf_Die *asked;
	uint32_t asked_count, asked_room;
	struct found *found;
};

/* From the unit's child down to the function. */
struct path {
	Dwarf_Die dies[PATH_LIMIT];
	unsigned length;
};

struct scope_names *scope_names_new(struct string_pool *strings)
{
	struct scope_names *names = calloc(1, sizeof(*names));

	if (names)
		names->strings = strings;
	return names;
}

void scope_names_free(struct scope_names *names)
{
	struct found *found, *next;

	if (!names)
		return;
	HASH_ITER(hh, names->found, found, next)
	{
		HASH_DEL(names->found, found);
		free(found);
	}
	free(names->seen);
	free(names->asked);
	free(names);
}

static bool is_cplusplus(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
		return true;
	default:
		return false;
	}
}

void scope_names_unit(struct scope_names *names, Dwarf_Die *unit)
{
	names->count = names->asked_count = 0;
	names->has_scopes = is_cplusplus(unit);
	scope_names_saw(names, unit, 0);
}

void scope_names_saw(struct scope_names *names, Dwarf_Die *die, unsigned nesting)
{
	if (!names->has_scopes)
		return;
	if (names->count == names->room) {
		uint32_t room = names->room ? names->room * 2 : 4096;
		struct seen *grown = realloc(names->seen, room * sizeof(*grown));

		names->has_scopes = grown != NULL;
		if (!grown)
			return;
		names->seen = grown;
		names->room = room;
	}
	names->seen[names->count++] = (struct seen){ *die, nesting };
}

/* Where the function is declared: in its class. */
static Dwarf_Die origin_of(Dwarf_Die die)
{
	static const unsigned references[] = { DW_AT_abstract_origin,
					       DW_AT_specification };

	for (unsigned turn = 0, i = 0; turn < ORIGIN_LIMIT && i < 2; i++) {
		Dwarf_Attribute attribute;
		Dwarf_Die next;

		if (!dwarf_attr(&die, references[i], &attribute) ||
		    !dwarf_formref_die(&attribute, &next))
			continue;
		die = next;
		turn++;
		i = (unsigned)-1;
	}
	return die;
}

/* The last DIE seen at or before that address: the first one is the unit. */
static uint32_t last_before(const struct scope_names *names, const void *address)
{
	uint32_t low = 0, high = names->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if ((const char *)names->seen[middle].die.addr > (const char *)address)
			high = middle;
		else
			low = middle;
	}
	return low;
}

/* The scopes around a DIE that was seen, and itself. */
static bool path_to_seen(const struct scope_names *names, uint32_t number,
			 struct path *path)
{
	uint32_t nesting = names->seen[number].nesting;

	if (nesting >= PATH_LIMIT)
		return false;
	path->length = nesting;
	for (; nesting > 0; number--)
		if (names->seen[number].nesting == nesting)
			path->dies[--nesting] = names->seen[number].die;
	return true;
}

static bool path_below(Dwarf_Die from, const void *address, struct path *path)
{
	while (from.addr != address) {
		Dwarf_Die next;

		if (path->length == PATH_LIMIT || dwarf_child(&from, &from) != 0)
			return false;
		while (dwarf_siblingof(&from, &next) == 0 &&
		       (const char *)next.addr <= (const char *)address)
			from = next;
		if ((const char *)from.addr > (const char *)address)
			return false;
		path->dies[path->length++] = from;
	}
	return true;
}

static bool find_path(const struct scope_names *names, Dwarf_Die *die, struct path *path)
{
	Dwarf_Die unit;
	uint32_t number;

	path->length = 0;
	if (die->cu !=
	    names->seen[0].die.cu) /* of another unit: link-time optimization */
		return dwarf_diecu(die, &unit, NULL, NULL) &&
		       path_below(unit, die->addr, path);
	number = last_before(names, die->addr);
	return path_to_seen(names, number, path) &&
	       path_below(names->seen[number].die, die->addr, path);
}

static void put(FILE *stream, const char *name)
{
	fprintf(stream, "%s%s", ftell(stream) > 0 ? "::" : "", name);
}

/* A lambda has no name, or as all others in its function <lambda()>. */
static void put_class(FILE *stream, Dwarf_Die *die, Dwarf_Die *member)
{
	const char *name = dwarf_diename(die), *of_member = dwarf_diename(member);
	char text[32];
	int line = 0;

	if (name && *name != '<') {
		put(stream, name);
		return;
	}
	dwarf_decl_line(die, &line);
	snprintf(text, sizeof(text), "{%s@%d}",
		 of_member && strncmp(of_member, "operator()", 10) == 0 ? "lambda"
									: "unnamed",
		 line);
	put(stream, text);
}

static const char *whole_name(struct scope_names *names, const Dwarf_Die *function);

/* A mangled name is whole, as is one from the class: it stands for all before it. */
static void put_function(struct scope_names *names, FILE *stream, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *mangled = NULL, *whole = NULL;
	char *readable;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute))
		mangled = dwarf_formstring(&attribute);
	readable = mangled ? demangle(mangled) : NULL;
	whole = readable;
	if (!whole && origin_of(*die).addr != die->addr)
		whole = whole_name(names, die);
	if (whole)
		rewind(stream);
	if (whole || dwarf_diename(die))
		put(stream, whole ? whole : dwarf_diename(die));
	free(readable);
}

static void put_scope(struct scope_names *names, FILE *stream, Dwarf_Die *die,
		      Dwarf_Die *member)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
		put(stream,
		    dwarf_diename(die) ? dwarf_diename(die) : "(anonymous namespace)");
		break;
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		put_class(stream, die, member);
		break;
	case DW_TAG_subprogram:
		put_function(names, stream, die);
		break;
	default:
		break;
	}
}

static const char *compose(struct scope_names *names, struct path *path)
{
	Dwarf_Die *function = &path->dies[path->length - 1];
	char *text = NULL;
	const char *kept = NULL;
	size_t length;
	FILE *stream;

	if (path->length < 2 || !dwarf_diename(function))
		return NULL;
	stream = open_memstream(&text, &length);
	if (!stream)
		return NULL;
	for (unsigned i = 0; i + 1 < path->length; i++)
		put_scope(names, stream, &path->dies[i], &path->dies[i + 1]);
	put(stream, dwarf_diename(function));
	if (fclose(stream) == 0)
		kept = string_pool_keep(names->strings, text);
	free(text);
	return kept;
}

uint32_t scope_names_ask(struct scope_names *names, Dwarf_Die *function)
{
	if (!names->has_scopes)
		return 0;
	if (names->asked_count == names->asked_room) {
		uint32_t room = names->asked_room ? names->asked_room * 2 : 256;
		Dwarf_Die *grown = realloc(names->asked, room * sizeof(*grown));

		if (!grown)
			return 0;
		names->asked = grown;
		names->asked_room = room;
	}
	names->asked[names->asked_count++] = *function;
	return names->asked_count;
}

/* Noted before it is found: damaged debug information may nest in itself. */
static const char *whole_name(struct scope_names *names, const Dwarf_Die *function)
{
	Dwarf_Die origin = origin_of(*function);
	struct found *found;
	struct path path;

	HASH_FIND_PTR(names->found, &origin.addr, found);
	if (found)
		return found->name;
	found = calloc(1, sizeof(*found));
	if (!found)
		return NULL;
	found->address = origin.addr;
	HASH_ADD_PTR(names->found, address, found);
	if (find_path(names, &origin, &path))
		found->name = compose(names, &path);
	return found->name;
}

const char *scope_names_answer(struct scope_names *names, uint32_t number)
{
	if (number == 0 || !names->has_scopes)
		return NULL;
	return whole_name(names, &names->asked[number - 1]);
}

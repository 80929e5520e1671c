/*
 * source_names - names of source files as debug information has them, made absolute
 *
 * A unit has a few hundred names and thousands of addresses, so each name is worked
 * out once.
 */
#include "analyzer/symbols/source_names.h"

#include <dwarf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uthash.h>

struct source_name {
	UT_hash_handle hh;
	const char *recorded;
	const char *whole;
};

struct source_names {
	struct string_pool *strings;
	const char *folder; /* of the unit; NULL: it does not tell */
	struct source_name *names;
};

struct source_names *source_names_new(struct string_pool *strings)
{
	struct source_names *names = calloc(1, sizeof(*names));

	if (names)
		names->strings = strings;
	return names;
}

static void forget(struct source_names *names)
{
	struct source_name *name, *next;

	HASH_ITER(hh, names->names, name, next)
	{
		HASH_DEL(names->names, name);
		free(name);
	}
}

void source_names_free(struct source_names *names)
{
	if (names)
		forget(names);
	free(names);
}

void source_names_unit(struct source_names *names, Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;

	forget(names);
	names->folder = dwarf_attr(unit, DW_AT_comp_dir, &attribute)
				? dwarf_formstring(&attribute)
				: NULL;
}

static bool is(const char *part, size_t length, const char *what)
{
	return strlen(what) == length && strncmp(part, what, length) == 0;
}

static bool ends_upward(const char *path, size_t length)
{
	return length >= 2 && is(path + length - 2, 2, "..") &&
	       (length == 2 || path[length - 3] == '/');
}

/* A path without its `.`, `//` and what a `..` takes back; path is as long or longer. */
static void shorten(const char *path, char *shorter)
{
	bool absolute = *path == '/';
	size_t at = 0, length;

	for (; *path; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 0 || is(path, length, "."))
			continue;
		if (is(path, length, "..") && (absolute || at > 0) &&
		    !ends_upward(shorter, at)) {
			while (at > 0 && shorter[--at] != '/')
				;
			continue;
		}
		if (absolute || at > 0)
			shorter[at++] = '/';
		memcpy(shorter + at, path, length);
		at += length;
	}
	shorter[at] = '\0';
}

static const char *work_out(const struct source_names *names, const char *name)
{
	/* a folder that is relative itself is one that nobody can go to */
	const char *folder = names->folder && *names->folder == '/' && *name != '/'
				     ? names->folder
				     : NULL;
	char joined[PATH_MAX], shorter[PATH_MAX];
	int length = snprintf(joined, sizeof(joined), "%s%s%s", folder ? folder : "",
			      folder ? "/" : "", name);

	if (length >= (int)sizeof(joined))
		return string_pool_keep(names->strings, name);
	shorten(joined, shorter);
	if (*joined == '/' && strstr(joined, "/../") && access(shorter, F_OK) != 0 &&
	    access(joined, F_OK) == 0)
		return string_pool_keep(names->strings, joined);
	return string_pool_keep(names->strings, shorter);
}

const char *source_names_whole(struct source_names *names, const char *name)
{
	struct source_name *known;

	if (!name)
		return NULL;
	HASH_FIND_PTR(names->names, &name, known);
	if (known)
		return known->whole;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	known->recorded = name;
	known->whole = work_out(names, name);
	HASH_ADD_PTR(names->names, recorded, known);
	return known->whole;
}

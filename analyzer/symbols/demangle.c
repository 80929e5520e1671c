/*
 * demangle - names as the programmer wrote them
 *
 * libiberty does the work; this file says how names are to look. Without
 * DMGL_PARAMS libiberty prints neither parameters nor return types at the outer
 * level, which is what pprof shows.
 */
#include "analyzer/symbols/demangle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

#define NAME_LIMIT 8192u /* longer ones come from template meta programs */

static bool is_clone_suffix(const char *dot)
{
	static const char *const suffixes[] = { ".isra.",      ".part.",
						".constprop.", ".cold",
						".lto_priv.",  ".llvm.",
						".localalias", ".clone." };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (strncmp(dot, suffixes[i], strlen(suffixes[i])) == 0)
			return true;
	return false;
}

static void cut_clone_suffix(char *name)
{
	for (char *dot = strchr(name + 1, '.'); dot; dot = strchr(dot + 1, '.')) {
		if (!is_clone_suffix(dot))
			continue;
		*dot = '\0';
		return;
	}
}

/* In place: every short name is shorter than the long one. */
static void shorten(char *name)
{
	static const char *const names[][2] = {
		{ "std::__cxx11::basic_string<char, std::char_traits<char>, "
		  "std::allocator<char> >",
		  "std::string" },
		{ "std::basic_string<char, std::char_traits<char>, std::allocator<char> "
		  ">",
		  "std::string" },
		{ "std::basic_string_view<char, std::char_traits<char> >",
		  "std::string_view" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t from = strlen(names[i][0]), to = strlen(names[i][1]);

		for (char *at = name; (at = strstr(at, names[i][0])) != NULL; at += to) {
			const char *rest = at + from;

			rest += strncmp(rest, " >", 2) == 0; /* it kept two > apart */
			memcpy(at, names[i][1], to);
			memmove(at + to, rest, strlen(rest) + 1);
		}
	}
}

/* build_report[abi:cxx11]: of a return type, and nobody wrote it. */
static void cut_abi_tags(char *name)
{
	char *tag = name;

	while ((tag = strstr(tag, "[abi:")) != NULL) {
		const char *end = strchr(tag, ']');

		if (!end)
			return;
		memmove(tag, end + 1, strlen(end + 1) + 1);
	}
}

char *demangle(const char *symbol)
{
	char *name, *readable = NULL;

	if (!*symbol)
		return strdup("");
	name = strndup(symbol, NAME_LIMIT);
	if (!name)
		return NULL;
	cut_clone_suffix(name);
	if (name[0] == '_')
		readable = cplus_demangle(name, DMGL_AUTO | DMGL_ANSI);
	if (!readable)
		return name;
	free(name);
	shorten(readable);
	cut_abi_tags(readable);
	return readable;
}

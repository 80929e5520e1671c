/*
 * suppressions - leaks that are known: LeakSanitizer's files
 */
#include "analyzer/views/suppressions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Kept until the end by design; LeakSanitizer sees that they are reachable. */
static const char *const built_in[] = {
	"_IO_file_doallocate", /* buffers of stdio */
	"^_dl_*",              /* the loader: objects, thread-local storage */
	"^__libc_setlocale*",
	"^setlocale$",
	"^tzset_internal$",
	"^__nss_*",
	"^__gconv*",
	"^init_cacheinfo$",
	"__gnu_cxx::__freeres",
	"(anonymous namespace)::pool", /* libstdc++'s emergency pool */
	"^pool$",
};

static bool same(const char *text, const char *with, size_t length)
{
	return strncmp(text, with, length) == 0;
}

/* The pattern from its start matches the text from its start. */
static bool matches_here(const char *pattern, const char *text)
{
	for (;;) {
		size_t piece = strcspn(pattern, "*");

		if (pattern[piece] == '\0') {
			bool to_end = piece > 0 && pattern[piece - 1] == '$';
			size_t length = piece - to_end;

			return same(text, pattern, length) && (!to_end || !text[length]);
		}
		if (!same(text, pattern, piece))
			return false;
		text += piece;
		pattern += piece;
		while (*pattern == '*')
			pattern++;
		if (!*pattern)
			return true;
		/* the next piece, as early as it is found; `$` must be tried at each */
		piece = strcspn(pattern, "*");
		if (pattern[piece] == '\0' && pattern[piece - 1] == '$') {
			size_t left = strlen(text);

			return left >= piece - 1 &&
			       same(text + left - (piece - 1), pattern, piece - 1);
		}
		while (*text && !same(text, pattern, piece))
			text++;
		if (!*text)
			return false;
	}
}

static bool match(const char *pattern, const char *text)
{
	if (!text)
		return false;
	if (*pattern == '^')
		return matches_here(pattern + 1, text);
	for (;; text++) {
		if (matches_here(pattern, text))
			return true;
		if (!*text)
			return false;
	}
}

static int add(struct suppressions *to, const char *pattern, bool is_built_in)
{
	struct suppression *grown =
		realloc(to->list, (to->count + 1) * sizeof(*to->list));
	char *copy = strdup(pattern);

	if (grown)
		to->list = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	to->list[to->count++] = (struct suppression){ copy, 0, 0, is_built_in };
	return 0;
}

static int parse_line(const char *path, unsigned number, char *line,
		      struct suppressions *to, struct fault *fault)
{
	size_t length = strcspn(line, "\r\n");
	char *kind = line + strspn(line, " \t"), *colon;

	line[length] = '\0';
	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		line[--length] = '\0';
	if (!*kind || *kind == '#')
		return 0;
	colon = strchr(kind, ':');
	if (!colon || colon == kind || !colon[1])
		return fault_set(fault, FAULT_INPUT, -EINVAL,
				 "%s:%u: `%s` is no suppression; a line is leak:PATTERN",
				 path, number, kind);
	if (strncmp(kind, "leak:", 5) != 0)
		return 0;
	return add(to, colon + 1, /*is_built_in=*/false) == 0
		       ? 0
		       : fault_set(fault, FAULT_INPUT, -ENOMEM, "out of memory for %s",
				   path);
}

static int parse_file(const char *path, struct suppressions *to, struct fault *fault)
{
	FILE *from = fopen(path, "re");
	unsigned number = 0;
	char *line = NULL;
	size_t room = 0;
	int r = 0;

	if (!from)
		return fault_set(fault, FAULT_INPUT, -errno, "cannot read %s: %s", path,
				 strerror(errno));
	while (r == 0 && getline(&line, &room, from) >= 0)
		r = parse_line(path, ++number, line, to, fault);
	if (r == 0 && ferror(from))
		r = fault_set(fault, FAULT_INPUT, -EIO, "cannot read %s: %s", path,
			      strerror(errno));
	free(line);
	fclose(from);
	return r;
}

int suppressions_load(const char *path, struct suppressions *ret, struct fault *fault)
{
	struct suppressions list = { 0 };
	int r = path ? parse_file(path, &list, fault) : 0;

	for (size_t i = 0; r == 0 && i < sizeof(built_in) / sizeof(built_in[0]); i++)
		if (add(&list, built_in[i], /*is_built_in=*/true) < 0)
			r = fault_set(fault, FAULT_INPUT, -ENOMEM,
				      "out of memory for suppressions");
	if (r < 0)
		suppressions_done(&list);
	else
		*ret = list;
	return r;
}

void suppressions_done(struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->count; i++)
		free(suppressions->list[i].pattern);
	free(suppressions->list);
	memset(suppressions, 0, sizeof(*suppressions));
}

static bool covers(const char *pattern, const struct profile *profile,
		   const struct symbols *symbols, size_t stack)
{
	uint32_t node = profile->stacks[stack].node;

	for (; node >= HR_NODE_FIRST; node = profile->segment->nodes[node].parent) {
		unsigned count;
		const struct symbol *symbol = symbols_of_node(symbols, node, &count);

		for (unsigned i = 0; i < count; i++)
			if (match(pattern, symbol[i].function) ||
			    match(pattern, symbol[i].file) ||
			    match(pattern, symbol[i].module))
				return true;
	}
	return false;
}

bool suppressions_cover(struct suppressions *suppressions, const struct profile *profile,
			const struct symbols *symbols, size_t stack)
{
	for (size_t i = 0; i < suppressions->count; i++) {
		struct suppression *suppression = &suppressions->list[i];

		if (!covers(suppression->pattern, profile, symbols, stack))
			continue;
		suppression->stacks++;
		suppression->bytes += profile->stacks[stack].value[PROFILE_INUSE_SPACE];
		return true;
	}
	return false;
}

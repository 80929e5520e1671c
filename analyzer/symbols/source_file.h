/*
 * source_file - the lines of a source file, also when the tree has moved
 *
 * Contract
 *   - with search folders (a list with ':' between) they are tried first: with the
 *     name after a trimmed prefix, then with ever shorter tails of the name; the
 *     name as it was recorded is tried last;
 *   - a text that was packed into the dump goes before the recorded name;
 *   - only regular files of at most 64 MiB are read.
 */
#ifndef ANALYZER_SYMBOLS_SOURCE_FILE_H
#define ANALYZER_SYMBOLS_SOURCE_FILE_H

#include <stddef.h>
#include <stdint.h>

struct packed_block;

struct source_paths {
	const char *search; /* --source-path, NULL none */
	const char *trim;   /* --trim-path, prefixes with ':' between, NULL none */
	const struct packed_block *packed; /* NULL none */
};

struct source_file {
	char *text; /* every line NUL-terminated */
	char **lines;
	uint32_t count;
};

/* The text alone, with a NUL behind; free() it. NULL: not found. */
char *source_file_read(const struct source_paths *paths, const char *name,
		       size_t *ret_length);

/* 0 or -ENOENT. */
int source_file_load(const struct source_paths *paths, const char *name,
		     struct source_file *ret_file);
void source_file_done(struct source_file *file);

/* How to get at a source that is not found; half a sentence, to come behind its name. */
const char *source_file_advice(const char *name);

/* Line numbers start at 1; NULL when there is no such line. */
const char *source_file_line(const struct source_file *file, uint32_t line);

#endif

/*
 * source_file - the lines of a source file, also when the tree has moved
 */
#include "analyzer/symbols/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/segment/packed_block.h"

#define BYTES_MAX (64l << 20)

static char *read_whole(const char *path, size_t *ret_length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	ssize_t got = -1;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < BYTES_MAX)
		text = malloc((size_t)st.st_size + 1);
	if (text)
		got = read(fd, text, (size_t)st.st_size);
	close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[got] = '\0';
	*ret_length = (size_t)got;
	return text;
}

/* The part of a ':' list at *at, without trailing slashes; advances. */
static bool next_part(const char **at, const char **ret_part, size_t *ret_length)
{
	size_t length;

	if (!*at || !**at)
		return false;
	length = strcspn(*at, ":");
	*ret_part = *at;
	*at += length + ((*at)[length] == ':');
	while (length > 1 && (*ret_part)[length - 1] == '/')
		length--;
	*ret_length = length;
	return true;
}

static const char *trimmed(const struct source_paths *paths, const char *name)
{
	const char *at = paths->trim, *prefix;
	size_t length;

	while (next_part(&at, &prefix, &length))
		if (length > 0 && strncmp(name, prefix, length) == 0 &&
		    name[length] == '/')
			return name + length + 1;
	return name;
}

static char *search(const struct source_paths *paths, const char *name,
		    size_t *ret_length)
{
	const char *at = paths->search, *folder;
	char path[PATH_MAX];
	size_t length;

	while (next_part(&at, &folder, &length)) {
		const char *tail = name;

		while (tail) {
			char *text;

			tail += strspn(tail, "/");
			snprintf(path, sizeof(path), "%.*s/%s", (int)length, folder,
				 tail);
			text = read_whole(path, ret_length);
			if (text)
				return text;
			tail = strchr(tail, '/');
		}
	}
	return NULL;
}

static int split(struct source_file *file, size_t length)
{
	size_t count = 1;

	for (size_t i = 0; i < length; i++)
		count += file->text[i] == '\n';
	file->lines = calloc(count, sizeof(*file->lines));
	if (!file->lines)
		return -ENOENT;
	for (char *line = file->text; line && file->count < count;) {
		char *end = strchr(line, '\n');

		file->lines[file->count++] = line;
		if (end)
			*end = '\0';
		line = end ? end + 1 : NULL;
	}
	return 0;
}

static char *read_packed(const struct packed_block *packed, const char *name,
			 size_t *ret_length)
{
	const char *found = packed_block_source(packed, name, ret_length);
	char *text = found ? malloc(*ret_length + 1) : NULL;

	if (text) {
		memcpy(text, found, *ret_length);
		text[*ret_length] = '\0';
	}
	return text;
}

char *source_file_read(const struct source_paths *paths, const char *name,
		       size_t *ret_length)
{
	const char *inner = trimmed(paths, name);
	char *text = search(paths, inner, ret_length);

	if (!text)
		text = read_packed(paths->packed, name, ret_length);
	if (!text)
		text = read_whole(inner, ret_length);
	if (!text && inner != name)
		text = read_whole(name, ret_length);
	return text;
}

int source_file_load(const struct source_paths *paths, const char *name,
		     struct source_file *ret_file)
{
	struct source_file file = { 0 };
	size_t length = 0;

	file.text = source_file_read(paths, name, &length);
	if (!file.text || split(&file, length) < 0) {
		source_file_done(&file);
		return -ENOENT;
	}
	*ret_file = file;
	return 0;
}

void source_file_done(struct source_file *file)
{
	free(file->text);
	free(file->lines);
	memset(file, 0, sizeof(*file));
}

const char *source_file_advice(const char *name)
{
	static const struct {
		const char *begin, *advice;
	} places[] = {
		{ "/rustc/",
		  "it is Rust's own: `rustup component add rust-src`, then --source-path "
		  "\"$(rustc --print sysroot)/lib/rustlib/src/rust\"" },
		{ "/build/",
		  "a distribution built it there: `apt-get source PACKAGE`, then "
		  "--source-path with the folder that this made" },
		{ "/usr/src/debug/",
		  "install the package's debug source, or give --source-path DIR" },
		{ "/", "--source-path DIR looks for it below DIR" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strncmp(name, places[i].begin, strlen(places[i].begin)) == 0)
			return places[i].advice;
	return "its folder is not recorded, as distributions build: `apt-get source "
	       "PACKAGE`, then --source-path with the folder that this made";
}

const char *source_file_line(const struct source_file *file, uint32_t line)
{
	return line > 0 && line <= file->count ? file->lines[line - 1] : NULL;
}

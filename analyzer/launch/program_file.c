/*
 * program_file - the ELF file that a command would really run
 */
#include "analyzer/launch/program_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPT_DEPTH 4

static int find_in_path(const char *program, char *path, size_t room)
{
	const char *dirs = getenv("PATH");

	for (const char *at = dirs ? dirs : "/bin:/usr/bin"; *at;) {
		size_t length = strcspn(at, ":");

		snprintf(path, room, "%.*s%s%s", (int)length, at, length ? "/" : "",
			 program);
		if (access(path, X_OK) == 0)
			return 0;
		at += length;
		at += *at == ':';
	}
	snprintf(path, room, "%s", program);
	return -ENOENT;
}

static int find(const char *program, char *path, size_t room)
{
	if (!strchr(program, '/'))
		return find_in_path(program, path, room);
	snprintf(path, room, "%s", program);
	return access(path, F_OK) == 0 ? 0 : -errno;
}

/* "#! interpreter argument": 1 when the file is a script. */
static int read_interpreter(const char *path, char *interpreter, size_t room)
{
	char line[PATH_MAX + 64];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd < 0 ? -errno : pread(fd, line, sizeof(line) - 1, 0);
	const char *at, *base;
	size_t length;

	if (fd >= 0)
		close(fd);
	if (fd < 0)
		return (int)got;
	if (got < 3 || line[0] != '#' || line[1] != '!')
		return 0;
	line[got] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	at = line + 2 + strspn(line + 2, " \t");
	length = strcspn(at, " \t");
	base = memrchr(at, '/', length);
	if (base && strncmp(base, "/env", length - (size_t)(base - at)) == 0) {
		at += length;
		at += strspn(at, " \t");
		if (strncmp(at, "-S", 2) == 0)
			at += 2 + strspn(at + 2, " \t");
		length = strcspn(at, " \t");
	}
	snprintf(interpreter, room, "%.*s", (int)length, at);
	return 1;
}

static const char *secure(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return NULL;
	if (st.st_mode & S_ISUID && st.st_uid != geteuid())
		return "set-uid";
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    st.st_gid != getegid())
		return "set-gid";
	if (geteuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return "file capabilities";
	return NULL;
}

int program_file_find(const char *program, struct program_file *ret_file)
{
	struct program_file *file = ret_file;
	char next[PATH_MAX];
	int r;

	memset(file, 0, sizeof(*file));
	r = find(program, file->path, sizeof(file->path));
	for (int depth = 0; r == 0; depth++) {
		r = read_interpreter(file->path, next, sizeof(next));
		if (r <= 0)
			break;
		if (depth == 0)
			strcpy(file->script, file->path);
		r = depth < SCRIPT_DEPTH ? find(next, file->path, sizeof(file->path))
					 : -ELOOP;
	}
	if (r == 0)
		file->secure = secure(file->path);
	return r;
}

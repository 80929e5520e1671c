/*
 * program_file - the ELF file that a command would really run
 *
 * Contract
 *   - takes what execvp would take: a path, or a name to look up in PATH;
 *   - a script is followed to its interpreter, and `#!/usr/bin/env NAME` to NAME;
 *   - says whether the loader would ignore LD_PRELOAD for the file: set-uid or
 *     set-gid for somebody else, or with file capabilities.
 */
#ifndef ANALYZER_LAUNCH_PROGRAM_FILE_H
#define ANALYZER_LAUNCH_PROGRAM_FILE_H

#include <limits.h>
#include <stdbool.h>

struct program_file {
	char script[PATH_MAX]; /* "" when it was no script */
	char path[PATH_MAX];   /* of the ELF file */
	const char *secure;    /* "set-uid", "set-gid", "file capabilities"; NULL none */
};

/* 0 or a negative errno; ret_file->path then names the file that was in the way. */
int program_file_find(const char *program, struct program_file *ret_file);

#endif

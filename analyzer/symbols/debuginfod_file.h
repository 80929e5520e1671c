/*
 * debuginfod_file - a program or its debug information, from a debuginfod server
 *
 * For a module whose file is not on this machine; debug files of those that are
 * here libdwfl fetches itself.
 *
 * Contract
 *   - asks nobody unless DEBUGINFOD_URLS is set: see symbols_command.h;
 *   - the library that talks to servers is loaded when it is needed, and is not
 *     missed otherwise;
 *   - returns a file descriptor and the name of the file in the library's cache, or
 *     -ENOENT.
 */
#ifndef ANALYZER_SYMBOLS_DEBUGINFOD_FILE_H
#define ANALYZER_SYMBOLS_DEBUGINFOD_FILE_H

#include <stddef.h>
#include <stdint.h>

int debuginfod_open(const uint8_t *build_id, unsigned length, char *path, size_t room);

#endif

/*
 * identity - who this process is, for the header of its segment
 *
 * Reads the environment, the program's name and its arguments from the kernel,
 * without libc's help: it runs before libc may be ready.
 */
#ifndef PRELOAD_IDENTITY_H
#define PRELOAD_IDENTITY_H

#include <stddef.h>

/* The value of an environment variable, NULL when unset. */
const char *identity_getenv(const char *name);

/* Adds IDENTITY_MARK to the environment that the program and its children see.
 * Call it when libc's environ is set and before main. */
#define IDENTITY_MARK "HEAPRING_BEGUN"
void identity_mark(void);

/* The path of the program; where /proc is missing, as it was executed. */
void identity_exe(char *path, size_t bytes);

/* The program's file name without its directory. */
void identity_program(char *name, size_t bytes);

/* Expands %p and %e of HEAPRING_OUTPUT. */
void identity_output(char *path, size_t bytes, const char *pattern);

#endif

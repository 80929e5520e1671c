/*
 * identity - who this process is, for the header of its segment
 *
 * Reads the environment, the program's name and its arguments from the kernel,
 * without libc's help: it runs before libc may be ready.
 */
#ifndef PRELOAD_IDENTITY_H
#define PRELOAD_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "preload/config.h"

/* What a fork child must know of its parent's segment. */
struct identity_parent {
	uint32_t pid;
	uint32_t site_base; /* first number that is not the parent's */
	uint64_t start_unix_ns;
	uint64_t live_objects;
	uint64_t live_bytes;
};

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

/* Fills the header's identity and makes it RUNNING. parent: NULL but in a fork child. */
void identity_write(struct heapring_header *header, const struct config *config,
		    const struct identity_parent *parent);

/* Reads, from the parent's segment still mapped, what the child inherits. */
void identity_read_parent(struct identity_parent *ret_parent);

/* Expands %p and %e of HEAPRING_OUTPUT. */
void identity_output(char *path, size_t bytes, const char *pattern);

#endif

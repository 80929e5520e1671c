/*
 * debug_info - the functions, inlined ones included, and lines of addresses
 *
 * Contract
 *   - addresses are given all at once and sorted; each unit of the debug
 *     information is walked at most twice however many addresses lie in it;
 *   - the frames of an address come innermost first; the last is the function
 *     whose code it is, those before were inlined into it;
 *   - an address without debug information gets no frames.
 */
#ifndef ANALYZER_DEBUG_INFO_H
#define ANALYZER_DEBUG_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/module_file.h"
#include "analyzer/string_pool.h"

struct debug_frame {
	const char *function; /* may be mangled; NULL: only the line is known */
	const char *file;
	uint32_t line;
	uint32_t start_line; /* where the function is declared, 0 unknown */
	uint64_t entry;      /* address of the function itself, 0 when inlined */
	uint32_t unnamed;    /* for debug_info.c itself */
	bool has_linkage_name;
};

struct debug_address {
	uint64_t address; /* in the file's terms */
	uint32_t unit;    /* for debug_info.c itself */
	uint32_t frames_count;
	struct debug_frame *frames;
};

/* What kept the debug information of a file from being used whole. */
struct debug_gap {
	const char
		*unreadable; /* why it cannot be read; NULL: it can, or there is none */
	uint32_t without_split; /* units whose .dwo file is not found */
	bool none;              /* the file has none, and there is no separate one */
	bool without_multifile; /* what dwz moved to another file is not found */
};

/*
 * Fills in frames; the array stays sorted. Texts are those of the file, valid until
 * module_file_close(), or lie in strings.
 */
int debug_info_resolve(const struct module_file *file, struct string_pool *strings,
		       struct debug_address *addresses, size_t count,
		       struct debug_gap *ret_gap);
void debug_info_done(struct debug_address *addresses, size_t count);

#endif

/*
 * debug_info - the functions, inlined ones included, and lines of addresses
 *
 * Contract
 *   - addresses are given all at once and sorted; each unit of the debug
 *     information is walked at most twice however many addresses lie in it;
 *   - the frames of an address come innermost first; the last is the function
 *     whose code it is, those before were inlined into it;
 *   - an address without debug information gets no frames;
 *   - what is found does not depend on how many threads look for it.
 */
#ifndef ANALYZER_SYMBOLS_DEBUG_INFO_H
#define ANALYZER_SYMBOLS_DEBUG_INFO_H

#include "analyzer/symbols/debug_walk.h"
#include "analyzer/symbols/module_file.h"

#define DEBUG_READERS_MAX 4u

/* What kept the debug information of a file from being used whole. */
struct debug_gap {
	const char
		*unreadable; /* why it cannot be read; NULL: it can, or there is none */
	uint32_t without_split; /* units whose .dwo file is not found */
	bool none;              /* the file has none, and there is no separate one */
	bool without_multifile; /* what dwz moved to another file is not found */
};

struct debug_info {
	struct debug_gap gap;
	unsigned readers;                /* threads that looked */
	Dwarf *dwarf[DEBUG_READERS_MAX]; /* one each; the first is the file's */
	struct string_pool *strings[DEBUG_READERS_MAX];
};

/*
 * Fills in frames; the array stays sorted. Texts are valid until debug_info_done(),
 * which comes before module_file_close() and is called after a failure, too.
 */
int debug_info_resolve(const struct module_file *file, struct debug_address *addresses,
		       size_t count, struct debug_info *ret_info);
void debug_info_done(struct debug_info *info, struct debug_address *addresses,
		     size_t count);

#endif

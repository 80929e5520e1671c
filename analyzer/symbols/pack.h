/*
 * pack - a dump that carries the names of its addresses
 *
 * Contract
 *   - the dump holds what segment_copy.h says, and its symbols as they are found
 *     now, here; a dump that was packed before keeps those it has;
 *   - with sources, the text of every source file that is found and no larger than
 *     4 MiB, up to 256 MiB together;
 *   - fd is a regular file open for reading and writing; on failure what it holds
 *     is nothing to use.
 */
#ifndef ANALYZER_SYMBOLS_PACK_H
#define ANALYZER_SYMBOLS_PACK_H

#include "analyzer/segment/target.h"
#include "analyzer/symbols/source_file.h"
#include "analyzer/symbols/symbols.h"

struct pack_result {
	uint64_t bytes;              /* of the whole file */
	uint32_t functions, sources; /* distinct ones in it */
	uint32_t nameless;           /* addresses that have no name but an offset */
	uint32_t addresses;
};

/* copy: a dump, open for writing. sources: NULL for none. */
int pack_write(const struct target *copy, const struct symbols *symbols,
	       const struct source_paths *sources, struct pack_result *ret_result,
	       struct fault *fault);

#endif

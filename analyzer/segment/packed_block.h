/*
 * packed_block - the names that `heapring pack` put behind a dump, as one block
 *
 * Why it exists: a dump names addresses; their names are in files of the machine
 * where the program ran. A packed dump carries them, and is read anywhere. What is
 * found by a costly search on this machine is kept in such a block, too (symbol_store.h).
 *
 * Layout: docs/format.md. It lies past the last page, so that readers which know
 * nothing of it see an ordinary dump.
 *
 * Contract
 *   - packed_block_load() copies the block and checks every offset and count in
 *     it, packed_block_read() does so with one that lies anywhere in a file; what
 *     they return can be used without checks. Memory is that of the block,
 *     which lies inside the file and is at most 1 GiB.
 */
#ifndef ANALYZER_SEGMENT_PACKED_BLOCK_H
#define ANALYZER_SEGMENT_PACKED_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "analyzer/console/fault.h"

#define PACKED_MAGIC 0x4c4f424d59535248ull /* "HRSYMBOL" */
#define PACKED_VERSION 1u
#define PACKED_INLINED 1u

struct packed_head {
	uint64_t magic;
	uint32_t version;
	uint32_t addresses, entries, sources, warnings; /* counts */
	uint32_t texts_bytes, sources_bytes;
	uint32_t reserved;
};

struct packed_address {
	uint64_t pc;
	uint32_t first;
	uint16_t module;
	uint16_t count;
};

struct packed_entry {
	uint32_t function, file, line, start_line, flags;
};

struct packed_source {
	uint32_t path, offset, bytes;
};

struct packed_block {
	char *block;
	struct packed_head head;
	const struct packed_address *addresses; /* by module and pc */
	const struct packed_entry *entries;
	const struct packed_source *sources;
	const uint32_t *warnings;
	const char *texts;
	const char *source_texts;
};

/* *ret_packed is NULL when the dump has none. Needs packed_block_free(). */
int packed_block_load(int fd, const char *path, const struct heapring_header *header,
		      struct packed_block **ret_packed, struct fault *fault);
int packed_block_read(int fd, const char *path, uint64_t offset, uint64_t bytes,
		      struct packed_block **ret_packed, struct fault *fault);
void packed_block_free(struct packed_block *packed);

/* NULL: it is not in the block. */
const struct packed_address *packed_block_find(const struct packed_block *packed,
					       uint16_t module, uint64_t pc);

/* The text of a source file that was packed, not NUL-terminated; NULL: it was not. */
const char *packed_block_source(const struct packed_block *packed, const char *name,
				size_t *ret_bytes);

#endif

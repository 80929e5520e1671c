/*
 * packed_symbols - symbols that `heapring pack` put into a dump
 *
 * Why it exists: a dump names addresses; their names are in files of the machine
 * where the program ran. A packed dump carries them, and is read anywhere.
 *
 * Layout: docs/format.md. A block past the last page, so that readers which know
 * nothing of it see an ordinary dump.
 *
 * Contract
 *   - packed_symbols_load() copies the block and checks every offset and count in
 *     it, packed_symbols_read() does so with one that lies anywhere in a file; what
 *     they return can be used without checks. Memory is that of the block,
 *     which lies inside the file and is at most 1 GiB;
 *   - packed_symbols_give() names each address of the profile as it was named when
 *     the dump was packed; one that is not in the block is named by its offset.
 */
#ifndef ANALYZER_PACKED_SYMBOLS_H
#define ANALYZER_PACKED_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/symbols.h"

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

struct packed_symbols {
	char *block;
	struct packed_head head;
	const struct packed_address *addresses; /* by module and pc */
	const struct packed_entry *entries;
	const struct packed_source *sources;
	const uint32_t *warnings;
	const char *texts;
	const char *source_texts;
};

/* *ret_packed is NULL when the dump has none. Needs packed_symbols_free(). */
int packed_symbols_load(int fd, const char *path, const struct heapring_header *header,
			struct packed_symbols **ret_packed, struct fault *fault);
int packed_symbols_read(int fd, const char *path, uint64_t offset, uint64_t bytes,
			struct packed_symbols **ret_packed, struct fault *fault);
void packed_symbols_free(struct packed_symbols *packed);

/* NULL: it is not in the block. */
const struct packed_address *packed_symbols_find(const struct packed_symbols *packed,
						 uint16_t module, uint64_t pc);

/* An entry without what its module adds: module, path and flags. */
struct symbol packed_symbols_symbol(const struct packed_symbols *packed, uint32_t number);

/* 0 or -ENOMEM. */
int packed_symbols_give(const struct packed_symbols *packed,
			const struct profile *profile, struct symbols **ret_symbols);

/* The text of a source file that was packed, not NUL-terminated; NULL: it was not. */
const char *packed_symbols_source(const struct packed_symbols *packed, const char *name,
				  size_t *ret_bytes);

#endif

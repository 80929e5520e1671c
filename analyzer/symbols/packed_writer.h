/*
 * packed_writer - a block of symbols while it is written (packed_block.h reads it)
 *
 * Why it exists: `heapring pack` puts such a block into a dump, and symbol_store.h
 * keeps one on disk for each module.
 *
 * Contract
 *   - addresses are added in the order of packed_block.h: by module and pc, each
 *     once; texts that are the same pointer are kept once;
 *   - packed_writer_finish() is called once, after everything was added; a write
 *     comes after it;
 *   - functions return 0 or a negative errno: -ENOMEM, -EFBIG past 4 GiB of texts.
 */
#ifndef ANALYZER_SYMBOLS_PACKED_WRITER_H
#define ANALYZER_SYMBOLS_PACKED_WRITER_H

#include "analyzer/segment/packed_block.h"
#include "analyzer/symbols/source_file.h"
#include "analyzer/symbols/symbols.h"

struct packed_writer;

struct packed_writer *packed_writer_new(void);
void packed_writer_free(struct packed_writer *writer);

/* Symbols innermost first, at least one. */
int packed_writer_address(struct packed_writer *writer, uint16_t module, uint64_t pc,
			  const struct symbol *symbols, unsigned count);
int packed_writer_warning(struct packed_writer *writer, const char *text);

/*
 * The text of every source file that an address names, is found and is no larger
 * than 4 MiB, up to 256 MiB together.
 */
int packed_writer_sources(struct packed_writer *writer, const struct source_paths *paths);

int packed_writer_finish(struct packed_writer *writer);

/* What was added, so far; and how many different functions. */
const struct packed_head *packed_writer_head(const struct packed_writer *writer);
uint32_t packed_writer_functions(const struct packed_writer *writer);

uint64_t packed_writer_bytes(const struct packed_writer *writer);
int packed_writer_write(const struct packed_writer *writer, int fd, uint64_t at);

/* Of the block's bytes, as zlib's crc32(). */
uint32_t packed_writer_checksum(const struct packed_writer *writer);

/* All of it, at that place of the file. */
int packed_writer_write_at(int fd, const void *data, size_t bytes, uint64_t at);

#endif

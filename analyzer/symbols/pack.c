/*
 * pack - a dump that carries the names of its addresses
 *
 * The block is written behind the pages; the header, which says where it is,
 * comes last.
 */
#include "analyzer/symbols/pack.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/symbols/packed_writer.h"

static bool is_nameless(const struct symbol *symbol)
{
	size_t length = strlen(symbol->module);

	if (length == 0)
		return strncmp(symbol->function, "0x", 2) == 0;
	return strncmp(symbol->function, symbol->module, length) == 0 &&
	       strncmp(symbol->function + length, "+0x", 3) == 0;
}

static int add_all(struct packed_writer *writer, const struct symbols *symbols,
		   const struct source_paths *paths, struct pack_result *result)
{
	const char *warning;
	int r = 0;

	result->addresses = symbols_addresses(symbols);
	for (uint32_t i = 0; r == 0 && i < result->addresses; i++) {
		uint64_t pc;
		uint16_t module;
		unsigned count;
		const struct symbol *found =
			symbols_of_address(symbols, i, &count, &pc, &module);

		result->nameless += is_nameless(found);
		r = packed_writer_address(writer, module, pc, found, count);
	}
	for (unsigned i = 0; r == 0 && (warning = symbols_warning(symbols, i)); i++)
		r = packed_writer_warning(writer, warning);
	if (r == 0 && paths)
		r = packed_writer_sources(writer, paths);
	result->functions = packed_writer_functions(writer);
	result->sources = packed_writer_head(writer)->sources;
	return r;
}

/* The block behind the pages, then the header that says so. */
static int write_block(const struct packed_writer *writer, const struct target *copy,
		       struct pack_result *result)
{
	struct heapring_header header = copy->header;
	int r;

	header.symbols_offset = (uint64_t)header.pages_used * HR_PAGE;
	header.symbols_bytes = packed_writer_bytes(writer);
	result->bytes = header.symbols_offset + header.symbols_bytes;
	r = packed_writer_write(writer, copy->fd, header.symbols_offset);
	if (r == 0 && ftruncate(copy->fd, (off_t)result->bytes) != 0)
		r = -errno;
	return r == 0 ? packed_writer_write_at(copy->fd, &header, sizeof(header), 0) : r;
}

int pack_write(const struct target *copy, const struct symbols *symbols,
	       const struct source_paths *sources, struct pack_result *ret_result,
	       struct fault *fault)
{
	struct packed_writer *writer = packed_writer_new();
	int r = writer ? 0 : -ENOMEM;

	memset(ret_result, 0, sizeof(*ret_result));
	if (r == 0)
		r = add_all(writer, symbols, sources, ret_result);
	if (r == 0)
		r = packed_writer_finish(writer);
	if (r == 0)
		r = write_block(writer, copy, ret_result);
	packed_writer_free(writer);
	if (r < 0)
		return fault_set(fault, FAULT_INPUT, r, "cannot write %s: %s", copy->path,
				 strerror(-r));
	return 0;
}

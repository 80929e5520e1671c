/*
 * pack - a dump that carries the names of its addresses
 *
 * The block is made in memory, part by part, and written behind the pages; the
 * header, which says where it is, comes last. Names are unique pointers
 * (string_pool.h), so a hash of pointers keeps each text once.
 */
#include "analyzer/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uthash.h>

#include "analyzer/packed_symbols.h"

#define SOURCE_MAX (4u << 20)
#define SOURCES_MAX (256u << 20)

struct text {
	UT_hash_handle hh;
	const char *text;
	uint32_t offset;
	bool is_file;
};

/* One part of the block while it grows. */
struct part {
	FILE *stream;
	char *bytes;
	size_t length;
};

enum { ADDRESSES, ENTRIES, SOURCES, WARNINGS, TEXTS, SOURCE_TEXTS, PARTS };

struct packing {
	const struct symbols *symbols;
	struct packed_head head;
	struct part parts[PARTS];
	struct text *texts;
	struct pack_result *result;
};

static int put(struct packing *packing, int part, const void *data, size_t bytes)
{
	return fwrite(data, 1, bytes, packing->parts[part].stream) == bytes ? 0 : -ENOMEM;
}

/* 0 for no text; ret_text may be NULL. */
static int keep_text(struct packing *packing, const char *text, uint32_t *ret_offset,
		     struct text **ret_text)
{
	struct text *kept;
	size_t bytes = text ? strlen(text) + 1 : 0;

	*ret_offset = 0;
	if (!text)
		return 0;
	HASH_FIND_PTR(packing->texts, &text, kept);
	if (!kept) {
		kept = calloc(1, sizeof(*kept));
		if (!kept)
			return -ENOMEM;
		kept->text = text;
		kept->offset = packing->head.texts_bytes;
		HASH_ADD_PTR(packing->texts, text, kept);
		if (bytes > UINT32_MAX - packing->head.texts_bytes)
			return -EFBIG;
		packing->head.texts_bytes += (uint32_t)bytes;
		if (put(packing, TEXTS, text, bytes) < 0)
			return -ENOMEM;
	}
	*ret_offset = kept->offset;
	if (ret_text)
		*ret_text = kept;
	return 0;
}

static bool is_nameless(const struct symbol *symbol)
{
	size_t length = strlen(symbol->module);

	if (length == 0)
		return strncmp(symbol->function, "0x", 2) == 0;
	return strncmp(symbol->function, symbol->module, length) == 0 &&
	       strncmp(symbol->function + length, "+0x", 3) == 0;
}

static int add_entry(struct packing *packing, const struct symbol *symbol)
{
	struct packed_entry entry = { .line = symbol->line,
				      .start_line = symbol->start_line,
				      .flags = symbol->inlined ? PACKED_INLINED : 0 };
	struct text *file = NULL;
	uint32_t known = packing->head.texts_bytes;
	int r = keep_text(packing, symbol->function, &entry.function, NULL);

	packing->result->functions += packing->head.texts_bytes != known;
	if (r == 0)
		r = keep_text(packing, symbol->file, &entry.file, &file);
	if (file)
		file->is_file = true;
	packing->head.entries++;
	return r == 0 ? put(packing, ENTRIES, &entry, sizeof(entry)) : r;
}

static int add_address(struct packing *packing, uint32_t number)
{
	struct packed_address address = { .first = packing->head.entries };
	const struct symbol *symbols;
	unsigned count;
	int r = 0;

	symbols = symbols_of_address(packing->symbols, number, &count, &address.pc,
				     &address.module);
	if (count > UINT16_MAX)
		count = UINT16_MAX;
	for (unsigned i = 0; r == 0 && i < count; i++)
		r = add_entry(packing, &symbols[i]);
	packing->result->nameless += is_nameless(&symbols[0]);
	address.count = (uint16_t)count;
	packing->head.addresses++;
	return r == 0 ? put(packing, ADDRESSES, &address, sizeof(address)) : r;
}

/* One that is not found, or too large, is left out. */
static int add_source(struct packing *packing, const struct text *text,
		      const struct source_paths *paths)
{
	struct packed_source source = { text->offset, packing->head.sources_bytes, 0 };
	size_t bytes = 0;
	char *content = source_file_read(paths, text->text, &bytes);
	int r = 0;

	if (content && bytes <= SOURCE_MAX && source.offset + bytes <= SOURCES_MAX) {
		source.bytes = (uint32_t)bytes;
		packing->head.sources_bytes += source.bytes;
		packing->head.sources++;
		r = put(packing, SOURCE_TEXTS, content, bytes);
		if (r == 0)
			r = put(packing, SOURCES, &source, sizeof(source));
	}
	free(content);
	return r;
}

static int add_all(struct packing *packing, const struct source_paths *paths)
{
	uint32_t addresses = symbols_addresses(packing->symbols), none;
	const char *warning;
	int r = keep_text(packing, "", &none, NULL);

	for (uint32_t i = 0; r == 0 && i < addresses; i++)
		r = add_address(packing, i);
	for (unsigned i = 0;
	     r == 0 && (warning = symbols_warning(packing->symbols, i)) != NULL; i++) {
		uint32_t offset;

		r = keep_text(packing, warning, &offset, NULL);
		packing->head.warnings++;
		if (r == 0)
			r = put(packing, WARNINGS, &offset, sizeof(offset));
	}
	for (struct text *text = packing->texts; r == 0 && paths && text;
	     text = text->hh.next)
		if (text->is_file)
			r = add_source(packing, text, paths);
	packing->result->addresses = addresses;
	packing->result->sources = packing->head.sources;
	return r;
}

static int write_at(int fd, const void *data, size_t bytes, uint64_t offset)
{
	while (bytes > 0) {
		ssize_t done = pwrite(fd, data, bytes, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -errno;
		data = (const char *)data + done;
		bytes -= (size_t)done;
		offset += (uint64_t)done;
	}
	return 0;
}

/* All parts behind the pages, then the header that says so. */
static int write_block(struct packing *packing, const struct target *copy)
{
	struct heapring_header header = copy->header;
	uint64_t at = (uint64_t)header.pages_used * HR_PAGE;
	int r;

	header.symbols_offset = at;
	r = write_at(copy->fd, &packing->head, sizeof(packing->head), at);
	at += sizeof(packing->head);
	for (int i = 0; r == 0 && i < PARTS; i++) {
		r = write_at(copy->fd, packing->parts[i].bytes, packing->parts[i].length,
			     at);
		at += packing->parts[i].length;
	}
	header.symbols_bytes = at - header.symbols_offset;
	packing->result->bytes = at;
	if (r == 0 && ftruncate(copy->fd, (off_t)at) != 0)
		r = -errno;
	return r == 0 ? write_at(copy->fd, &header, sizeof(header), 0) : r;
}

static void done(struct packing *packing)
{
	struct text *text, *next;

	HASH_ITER(hh, packing->texts, text, next)
	{
		HASH_DEL(packing->texts, text);
		free(text);
	}
	for (int i = 0; i < PARTS; i++)
		free(packing->parts[i].bytes);
}

int pack_write(const struct target *copy, const struct symbols *symbols,
	       const struct source_paths *sources, struct pack_result *ret_result,
	       struct fault *fault)
{
	struct packing packing = { .symbols = symbols,
				   .result = ret_result,
				   .head = { .magic = PACKED_MAGIC,
					     .version = PACKED_VERSION } };
	int r = 0;

	memset(ret_result, 0, sizeof(*ret_result));
	for (int i = 0; i < PARTS; i++) {
		struct part *part = &packing.parts[i];

		part->stream = open_memstream(&part->bytes, &part->length);
		if (!part->stream)
			r = -ENOMEM;
	}
	if (r == 0)
		r = add_all(&packing, sources);
	for (int i = 0; i < PARTS; i++)
		if (packing.parts[i].stream && fclose(packing.parts[i].stream) != 0)
			r = -ENOMEM;
	if (r == 0)
		r = write_block(&packing, copy);
	done(&packing);
	if (r < 0)
		return fault_set(fault, FAULT_INPUT, r, "cannot write %s: %s", copy->path,
				 strerror(-r));
	return 0;
}

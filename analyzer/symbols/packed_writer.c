/*
 * packed_writer - a block of symbols while it is written
 *
 * Made in memory, part by part. Names are unique pointers (string_pool.h), so a
 * hash of pointers keeps each text once.
 */
#include "analyzer/symbols/packed_writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uthash.h>
#include <zlib.h>

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

struct packed_writer {
	struct packed_head head;
	struct part parts[PARTS];
	struct text *texts;
	uint32_t functions;
};

static int put(struct packed_writer *writer, int part, const void *data, size_t bytes)
{
	return fwrite(data, 1, bytes, writer->parts[part].stream) == bytes ? 0 : -ENOMEM;
}

static int add_text(struct packed_writer *writer, const char *text,
		    struct text **ret_text)
{
	struct text *added = calloc(1, sizeof(*added));
	size_t bytes = strlen(text) + 1;

	if (!added)
		return -ENOMEM;
	added->text = text;
	added->offset = writer->head.texts_bytes;
	HASH_ADD_PTR(writer->texts, text, added);
	if (bytes > UINT32_MAX - writer->head.texts_bytes)
		return -EFBIG;
	writer->head.texts_bytes += (uint32_t)bytes;
	*ret_text = added;
	return put(writer, TEXTS, text, bytes);
}

/* 0 for no text; ret_text may be NULL. */
static int keep_text(struct packed_writer *writer, const char *text, uint32_t *ret_offset,
		     struct text **ret_text)
{
	struct text *kept = NULL;
	int r = 0;

	*ret_offset = 0;
	if (!text)
		return 0;
	HASH_FIND_PTR(writer->texts, &text, kept);
	if (!kept)
		r = add_text(writer, text, &kept);
	if (r < 0)
		return r;
	*ret_offset = kept->offset;
	if (ret_text)
		*ret_text = kept;
	return 0;
}

/* Offset 0 means no text, so the first one is empty. */
static bool prepare(struct packed_writer *writer)
{
	uint32_t none;

	writer->head.magic = PACKED_MAGIC;
	writer->head.version = PACKED_VERSION;
	for (int i = 0; i < PARTS; i++) {
		struct part *part = &writer->parts[i];

		part->stream = open_memstream(&part->bytes, &part->length);
		if (!part->stream)
			return false;
	}
	return keep_text(writer, "", &none, NULL) == 0;
}

struct packed_writer *packed_writer_new(void)
{
	struct packed_writer *writer = calloc(1, sizeof(*writer));

	if (writer && prepare(writer))
		return writer;
	packed_writer_free(writer);
	return NULL;
}

void packed_writer_free(struct packed_writer *writer)
{
	struct text *text, *next;

	if (!writer)
		return;
	HASH_ITER(hh, writer->texts, text, next)
	{
		HASH_DEL(writer->texts, text);
		free(text);
	}
	packed_writer_finish(writer);
	for (int i = 0; i < PARTS; i++)
		free(writer->parts[i].bytes);
	free(writer);
}

static int add_entry(struct packed_writer *writer, const struct symbol *symbol)
{
	struct packed_entry entry = { .line = symbol->line,
				      .start_line = symbol->start_line,
				      .flags = symbol->inlined ? PACKED_INLINED : 0 };
	struct text *file = NULL;
	uint32_t known = writer->head.texts_bytes;
	int r = keep_text(writer, symbol->function, &entry.function, NULL);

	writer->functions += writer->head.texts_bytes != known;
	if (r == 0)
		r = keep_text(writer, symbol->file, &entry.file, &file);
	if (file)
		file->is_file = true;
	writer->head.entries++;
	return r == 0 ? put(writer, ENTRIES, &entry, sizeof(entry)) : r;
}

int packed_writer_address(struct packed_writer *writer, uint16_t module, uint64_t pc,
			  const struct symbol *symbols, unsigned count)
{
	struct packed_address address = { .pc = pc,
					  .first = writer->head.entries,
					  .module = module };
	int r = 0;

	if (count > UINT16_MAX)
		count = UINT16_MAX;
	for (unsigned i = 0; r == 0 && i < count; i++)
		r = add_entry(writer, &symbols[i]);
	address.count = (uint16_t)count;
	writer->head.addresses++;
	return r == 0 ? put(writer, ADDRESSES, &address, sizeof(address)) : r;
}

int packed_writer_warning(struct packed_writer *writer, const char *text)
{
	uint32_t offset;
	int r = keep_text(writer, text, &offset, NULL);

	writer->head.warnings++;
	return r == 0 ? put(writer, WARNINGS, &offset, sizeof(offset)) : r;
}

/* One that is not found, or too large, is left out. */
static int add_source(struct packed_writer *writer, const struct text *text,
		      const struct source_paths *paths)
{
	struct packed_source source = { text->offset, writer->head.sources_bytes, 0 };
	size_t bytes = 0;
	char *content = source_file_read(paths, text->text, &bytes);
	int r = 0;

	if (content && bytes <= SOURCE_MAX && source.offset + bytes <= SOURCES_MAX) {
		source.bytes = (uint32_t)bytes;
		writer->head.sources_bytes += source.bytes;
		writer->head.sources++;
		r = put(writer, SOURCE_TEXTS, content, bytes);
		if (r == 0)
			r = put(writer, SOURCES, &source, sizeof(source));
	}
	free(content);
	return r;
}

int packed_writer_sources(struct packed_writer *writer, const struct source_paths *paths)
{
	int r = 0;

	for (struct text *text = writer->texts; r == 0 && text; text = text->hh.next)
		if (text->is_file)
			r = add_source(writer, text, paths);
	return r;
}

int packed_writer_finish(struct packed_writer *writer)
{
	int r = 0;

	for (int i = 0; i < PARTS; i++) {
		if (writer->parts[i].stream && fclose(writer->parts[i].stream) != 0)
			r = -ENOMEM;
		writer->parts[i].stream = NULL;
	}
	return r;
}

const struct packed_head *packed_writer_head(const struct packed_writer *writer)
{
	return &writer->head;
}

uint32_t packed_writer_functions(const struct packed_writer *writer)
{
	return writer->functions;
}

uint64_t packed_writer_bytes(const struct packed_writer *writer)
{
	uint64_t bytes = sizeof(writer->head);

	for (int i = 0; i < PARTS; i++)
		bytes += writer->parts[i].length;
	return bytes;
}

int packed_writer_write_at(int fd, const void *data, size_t bytes, uint64_t at)
{
	while (bytes > 0) {
		ssize_t done = pwrite(fd, data, bytes, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		data = (const char *)data + done;
		bytes -= (size_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

int packed_writer_write(const struct packed_writer *writer, int fd, uint64_t at)
{
	int r = packed_writer_write_at(fd, &writer->head, sizeof(writer->head), at);

	at += sizeof(writer->head);
	for (int i = 0; r == 0 && i < PARTS; i++) {
		const struct part *part = &writer->parts[i];

		r = packed_writer_write_at(fd, part->bytes, part->length, at);
		at += part->length;
	}
	return r;
}

uint32_t packed_writer_checksum(const struct packed_writer *writer)
{
	uLong sum = crc32_z(0, (const void *)&writer->head, sizeof(writer->head));

	for (int i = 0; i < PARTS; i++)
		sum = crc32_z(sum, (const void *)writer->parts[i].bytes,
			      writer->parts[i].length);
	return (uint32_t)sum;
}

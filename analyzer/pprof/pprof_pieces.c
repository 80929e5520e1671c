/*
 * pprof_pieces - a pprof profile written piece by piece
 *
 * zlib compresses into a buffer that goes to the stream: gzdopen() would close
 * the descriptor of a stream that is not ours.
 */
#include "analyzer/pprof/pprof_pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>
#include <zlib.h>

#include "analyzer/profile/report.h"

#define GZIP_WINDOW (15 + 16) /* 16: a gzip header, not a zlib one */

struct text {
	UT_hash_handle hh; /* uthash keeps the order of adding, which is the number's */
	int64_t number;
	char text[];
};

struct pprof_pieces {
	ProtobufCBuffer base; /* first: protobuf-c appends through it */
	FILE *to;
	z_stream zip;
	struct text *texts;
	int64_t texts_count;
	int error;
};

static void compress_bytes(struct pprof_pieces *pieces, const void *bytes, size_t length,
			   int flush)
{
	unsigned char out[16384];

	pieces->zip.next_in = (Bytef *)(uintptr_t)bytes;
	pieces->zip.avail_in = (uInt)length;
	do {
		pieces->zip.next_out = out;
		pieces->zip.avail_out = sizeof(out);
		if (deflate(&pieces->zip, flush) == Z_STREAM_ERROR)
			pieces->error = -EIO;
		fwrite(out, 1, sizeof(out) - pieces->zip.avail_out, pieces->to);
	} while (pieces->zip.avail_out == 0 && !pieces->error);
}

static void append(ProtobufCBuffer *buffer, size_t length, const uint8_t *bytes)
{
	compress_bytes((struct pprof_pieces *)buffer, bytes, length, Z_NO_FLUSH);
}

struct pprof_pieces *pprof_pieces_new(FILE *to)
{
	struct pprof_pieces *pieces = calloc(1, sizeof(*pieces));

	if (!pieces)
		return NULL;
	pieces->base.append = append;
	pieces->to = to;
	if (deflateInit2(&pieces->zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(pieces);
		return NULL;
	}
	return pieces;
}

int64_t pprof_pieces_text(struct pprof_pieces *pieces, const char *text)
{
	size_t length = text ? strlen(text) : 0;
	struct text *found;

	if (length == 0)
		return 0;
	HASH_FIND(hh, pieces->texts, text, length, found);
	if (found)
		return found->number;
	found = malloc(sizeof(*found) + length + 1);
	if (!found) {
		pieces->error = -ENOMEM;
		return 0;
	}
	memcpy(found->text, text, length + 1);
	found->number = ++pieces->texts_count;
	HASH_ADD_KEYPTR(hh, pieces->texts, found->text, length, found);
	return found->number;
}

void pprof_pieces_put(struct pprof_pieces *pieces, const Pprof__Profile *piece)
{
	protobuf_c_message_pack_to_buffer(&piece->base, &pieces->base);
}

/* Texts must be valid UTF-8, and names come from files. */
static void put_text(struct pprof_pieces *pieces, const char *text)
{
	json_t *valid = report_json_text(text);
	char *clean = (char *)(uintptr_t)json_string_value(valid);
	Pprof__Profile piece = PPROF__PROFILE__INIT;

	if (!clean)
		pieces->error = -ENOMEM;
	piece.n_string_table = clean != NULL;
	piece.string_table = &clean;
	pprof_pieces_put(pieces, &piece);
	json_decref(valid);
}

int pprof_pieces_end(struct pprof_pieces *pieces)
{
	struct text *text, *next;
	int error;

	put_text(pieces, "");
	HASH_ITER(hh, pieces->texts, text, next)
	{
		HASH_DEL(pieces->texts, text);
		put_text(pieces, text->text);
		free(text);
	}
	compress_bytes(pieces, NULL, 0, Z_FINISH);
	deflateEnd(&pieces->zip);
	error = pieces->error;
	free(pieces);
	return error;
}

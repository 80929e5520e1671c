/*
 * fuzz_pprof - pprof profiles that nobody wrote on purpose (libFuzzer, clang)
 *
 * Input: FUZZ_CHOICE_BYTES for the command, one byte, and a message of profile.proto,
 * which is compressed here: a fuzzer never gets past a checksum. With that byte odd the
 * rest is the file as it is, so that the decompressor meets damage too.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "tests/fuzz/fuzz_commands.h"

#define HEADER (FUZZ_CHOICE_BYTES + 1u)
#define WINDOW_GZIP (15 + 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compress_to_file(const uint8_t *data, size_t size)
{
	z_stream stream = { 0 };
	uLong room;
	Bytef *bytes;

	if (deflateInit2(&stream, 1, Z_DEFLATED, WINDOW_GZIP, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		abort();
	room = deflateBound(&stream, size);
	bytes = malloc(room);
	stream.next_in = (Bytef *)data;
	stream.avail_in = (uInt)size;
	stream.next_out = bytes;
	stream.avail_out = (uInt)room;
	if (!bytes || deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	fuzz_commands_file(bytes, stream.total_out);
	fuzz_commands_base(bytes, stream.total_out);
	free(bytes);
	deflateEnd(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEADER)
		return 0;
	if (data[HEADER - 1] & 1) {
		fuzz_commands_file(data + HEADER, size - HEADER);
		fuzz_commands_base(data + HEADER, size - HEADER);
	} else {
		compress_to_file(data + HEADER, size - HEADER);
	}
	fuzz_commands_run(data);
	return 0;
}

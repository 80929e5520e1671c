/*
 * decode - choose one of the four decoders
 *
 * The choice is made once; the pipeline then calls through the pointer.
 */
#include "pipeline/decode/decode.h"

decode_fn decode_choose(enum encoding encoding, enum decode_way way)
{
	if (encoding == ENCODING_JSON)
		return way == DECODE_ZEROCOPY ? decode_json : decode_copy_json;
	return way == DECODE_ZEROCOPY ? decode_wire : decode_copy_wire;
}

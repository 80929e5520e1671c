/*
 * make_cfi_seed - seeds for fuzz_cfi: hand-made modules, one a file
 * Usage: make_cfi_seed DIRECTORY
 */
#include <stdio.h>
#include <string.h>

#include "tests/cfi_builder.h"

static const uint8_t standard[] = { 0x0c, 7, 8, 0x80 | 16, 1 };
static const uint8_t push[] = { 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6 };
static const uint8_t realigned[] = { 0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0 };
static const uint8_t nested[] = { 0x0a, 0x41, 0x0e, 24, 0x0b, 0x2e,
				  16,   0x09, 3,    12, 0x07, 1 };
static const uint8_t plt[] = { 0x0f, 11,   0x77, 8,    0x80, 0,   0x3f,
			       0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22 };

static const struct {
	const uint8_t *code;
	size_t n;
} codes[] = { { standard, sizeof standard },
	      { push, sizeof push },
	      { realigned, sizeof realigned },
	      { nested, sizeof nested },
	      { plt, sizeof plt } };

int main(int argc, char **argv)
{
	static struct cfi_builder b;
	static const char *const letters[] = { "zR", "zRS", "zPLR", "" };
	char path[500];

	for (unsigned i = 0; argc > 1 && i < 20; i++) {
		uint32_t choice[2] = { BUILDER_CODE + 3 + i % 5 * 64, i };
		FILE *f;

		builder_begin(&b);
		builder_cie(&b, letters[i / 5 % 3], 1, 0x78, standard, sizeof standard);
		for (uint32_t c = 0; c < 5; c++)
			builder_fde(&b, c * 64, 50, codes[c].code, codes[c].n);
		snprintf(path, sizeof path, "%s/seed%u", argv[1], i);
		f = fopen(path, "w");
		if (f == NULL)
			return 1;
		fwrite(choice, sizeof choice, 1, f);
		fwrite(b.bytes, i < 15 ? sizeof b.bytes : b.used, 1, f);
		fclose(f);
	}
	return argc > 1 ? 0 : 2;
}

#include "cfi_builder.h"

#include <string.h>

#define TABLE 12u
#define RECORDS (TABLE + BUILDER_FDES * 8u)

static void put32(struct cfi_builder *b, size_t at, uint32_t value)
{
	memcpy(b->bytes + at, &value, sizeof value);
}

static void add8(struct cfi_builder *b, uint8_t value)
{
	b->bytes[b->used++] = value;
}

static void add32(struct cfi_builder *b, uint32_t value)
{
	put32(b, b->used, value);
	b->used += 4;
}

void builder_begin(struct cfi_builder *b)
{
	static const uint8_t encodings[] = { 1, 0x1b, 0x03, 0x3b };

	memset(b, 0, sizeof *b);
	memcpy(b->bytes, encodings, sizeof encodings);
	b->used = RECORDS;
}

static void end_record(struct cfi_builder *b, size_t start, const uint8_t *code, size_t n)
{
	memcpy(b->bytes + b->used, code, n);
	b->used += n;
	while (b->used % 8 != 4)
		add8(b, 0); /* DW_CFA_nop */
	put32(b, start, (uint32_t)(b->used - start - 4));
}

void builder_cie(struct cfi_builder *b, const char *letters, uint8_t code_align,
		 uint8_t data_align_sleb, const uint8_t *code, size_t n)
{
	size_t start = b->used;

	b->cie = start;
	add32(b, 0);
	add32(b, 0); /* I am a CIE */
	add8(b, 1);
	strcpy((char *)b->bytes + b->used, letters);
	b->used += strlen(letters) + 1;
	add8(b, code_align);
	add8(b, data_align_sleb);
	add8(b, 16); /* return address column */
	if (letters[0] == 'z') {
		size_t length_at = b->used++;

		for (letters++; *letters != '\0'; letters++) {
			if (*letters == 'R' || *letters == 'L')
				add8(b, 0x1b);
			if (*letters == 'P') {
				add8(b, 0x1b);
				add32(b, 0x1234);
			}
		}
		b->bytes[length_at] = (uint8_t)(b->used - length_at - 1);
	}
	end_record(b, start, code, n);
}

void builder_fde(struct cfi_builder *b, uint32_t start, uint32_t bytes,
		 const uint8_t *code, size_t n)
{
	size_t at = b->used;
	size_t entry = TABLE + b->fdes++ * 8u;

	put32(b, entry, BUILDER_CODE + start); /* relative to the header, offset 0 */
	put32(b, entry + 4, (uint32_t)at);
	add32(b, 0);
	add32(b, (uint32_t)(b->used - b->cie));
	add32(b, (uint32_t)(BUILDER_CODE + start - b->used)); /* pc-relative */
	add32(b, bytes);
	add8(b, 0); /* no augmentation data */
	end_record(b, at, code, n);
	put32(b, 8, b->fdes);
}

struct module_view builder_view(const struct cfi_builder *b)
{
	return (struct module_view){ .start = (uintptr_t)b->bytes,
				     .end = (uintptr_t)b->bytes + sizeof b->bytes,
				     .bias = (uintptr_t)b->bytes,
				     .eh_frame_hdr = b->bytes,
				     .table_lo = (uintptr_t)b->bytes,
				     .table_hi = (uintptr_t)b->bytes + sizeof b->bytes,
				     .name = "hand-made",
				     .identity = b };
}

/*
 * cfi_builder - a module in memory with hand-made unwind tables
 *
 * One buffer stands for a mapped object: .eh_frame_hdr at its start, CIEs and FDEs
 * behind, and "code" in its second half, which is never run. A test adds a CIE and
 * FDEs as bytes and asks for the view that cfi_find() wants.
 */
#ifndef TESTS_CFI_BUILDER_H
#define TESTS_CFI_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "preload/unwind/modules.h"

#define BUILDER_BYTES 4096u
#define BUILDER_CODE 2048u /* offset of the code */
#define BUILDER_FDES 16u

struct cfi_builder {
	_Alignas(4096) uint8_t bytes[BUILDER_BYTES];
	size_t used;
	size_t cie;
	uint32_t fdes;
};

void builder_begin(struct cfi_builder *b);

/* Fixed parts given as bytes: letters with their augmentation data follow the rules
 * of .eh_frame; "zR" means pc-relative 4-byte pointers. */
void builder_cie(struct cfi_builder *b, const char *letters, uint8_t code_align,
		 uint8_t data_align_sleb, const uint8_t *code, size_t n);

/* For code [start, start + bytes), offsets from BUILDER_CODE; starts must rise. */
void builder_fde(struct cfi_builder *b, uint32_t start, uint32_t bytes,
		 const uint8_t *code, size_t n);

struct module_view builder_view(const struct cfi_builder *b);

static inline uintptr_t builder_pc(const struct cfi_builder *b, uint32_t offset)
{
	return (uintptr_t)b->bytes + BUILDER_CODE + offset;
}

/* The record (CIE or FDE) that was added last. */
static inline uint8_t *builder_last(struct cfi_builder *b, size_t bytes)
{
	return b->bytes + b->used - bytes;
}

#endif

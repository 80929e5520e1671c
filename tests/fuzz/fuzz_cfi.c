/*
 * fuzz_cfi - unwind tables that nobody wrote on purpose (libFuzzer, clang)
 *
 * The input is a module: 8 bytes that choose an address and the registers, then
 * .eh_frame_hdr and whatever it points at. It is laid before a page that cannot be
 * read, so that one byte too far is seen. A row that is found is packed and
 * stepped over, on a small stack with guards of its own.
 *
 * Usage: fuzz_cfi -max_total_time=20 (or a file to run once)
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/unwind/cfi.h"

#define PAGE 4096u
#define MODULE_BYTES (4 * PAGE)
#define STACK_WORDS 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t *before_a_hole(void)
{
	static uint8_t *pages;

	if (pages == NULL) {
		pages = mmap(NULL, MODULE_BYTES + 2 * PAGE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mprotect(pages + PAGE, MODULE_BYTES, PROT_READ | PROT_WRITE);
	}
	return pages + PAGE + MODULE_BYTES;
}

static void step(const struct cfi_row *row, uint32_t choice)
{
	uintptr_t *stack = calloc(STACK_WORDS, sizeof *stack);
	uintptr_t reg[ARCH_REGS];
	uintptr_t cfa;

	for (unsigned i = 0; i < ARCH_REGS; i++)
		reg[i] = (uintptr_t)(stack + choice % (STACK_WORDS + 2));
	for (unsigned i = 0; i < STACK_WORDS; i++)
		stack[i] = (uintptr_t)(stack + i * 7 % STACK_WORDS);
	cfi_step(row, reg, (uintptr_t)stack, (uintptr_t)(stack + STACK_WORDS), &cfa);
	free(stack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct module_view view = { 0 };
	uint32_t choice[2];
	struct cfi_row row;
	uint8_t *at;

	if (n < sizeof choice || n - sizeof choice > MODULE_BYTES)
		return 0;
	memcpy(choice, data, sizeof choice);
	data += sizeof choice;
	n -= sizeof choice;
	at = before_a_hole() - n;
	memcpy(at, data, n);
	view.start = view.table_lo = (uintptr_t)at;
	view.end = view.table_hi = (uintptr_t)at + n;
	view.eh_frame_hdr = at;
	if (cfi_find(&view, view.start + choice[0] % (2 * MODULE_BYTES), &row) == 0)
		step(&row, choice[1]);
	if (cfi_find_return(&view, view.start + choice[0] % (2 * MODULE_BYTES), &row) ==
	    0)
		step(&row, choice[1]);
	return 0;
}

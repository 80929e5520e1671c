/*
 * cfi - call frame information: the rules that lead from a frame to its caller
 *
 * Why our own reader: libunwind, libgcc and libdw find the tables through
 * dl_iterate_phdr, which takes the loader's lock; this one reads .eh_frame
 * where it is mapped, through .eh_frame_hdr, and nothing else.
 *
 * Contract
 *   - safe inside malloc and in a signal handler: no lock, no allocation;
 *   - reads only the mapped tables of the module, the registers it is given,
 *     and for cfi_step() the stack memory that the rules name, which must lie
 *     within [lo, hi);
 *   - malformed tables end in an error, never outside the module.
 *
 * Format: DWARF 5 section 6.4 and the LSB's .eh_frame_hdr.
 */
#ifndef PRELOAD_CFI_H
#define PRELOAD_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"
#include "preload/platform/os_modules.h"

enum cfi_how {
	CFI_SAME = 0,   /* the register keeps its value (also: unspecified) */
	CFI_UNDEFINED,  /* unknown; for the return address: this is the outermost frame */
	CFI_OFFSET,     /* saved at CFA + value */
	CFI_VAL_OFFSET, /* is CFA + value */
	CFI_REGISTER,   /* kept in register value */
	CFI_EXPRESSION, /* saved at the address that the expression yields */
	CFI_VAL_EXPRESSION, /* is what the expression yields */
};

struct cfi_rule {
	enum cfi_how how;
	uint32_t expr_len;
	union {
		int64_t value;
		const uint8_t *expr;
	};
};

/* All rules that hold at one code address. */
struct cfi_row {
	struct cfi_rule reg[ARCH_REGS];
	uint32_t cfa_reg; /* CFA = register + cfa_offset, unless ... */
	int64_t cfa_offset;
	const uint8_t *cfa_expr; /* ... not NULL: CFA is what this yields */
	uint64_t cfa_expr_len;
	bool signal_frame;
};

/* Finds the row for a pc inside the module. 0, -ENOENT without information
 * for it, -EINVAL when the table is damaged or uses what this does not know. */
int cfi_find(const struct module_view *module, uintptr_t pc, struct cfi_row *ret_row);

/*
 * The row of a return address: that of the call in front of it, which may be the
 * last instruction of its function. Where there is no code with a row in front, no
 * call left this address: it is a signal trampoline, whose row is found at the
 * address itself, or the function that a context was made to begin in, and then
 * the return address of the row is undefined. Errors as cfi_find().
 */
int cfi_find_return(const struct module_view *module, uintptr_t pc,
		    struct cfi_row *ret_row);

/* Applies a row to all registers: reg becomes the caller's. On success *ret_cfa
 * is set; -ENODATA at the outermost frame, -EFAULT when a rule reads outside
 * [lo, hi), -EINVAL when an expression cannot be evaluated. */
int cfi_step(const struct cfi_row *row, uintptr_t reg[ARCH_REGS], uintptr_t lo,
	     uintptr_t hi, uintptr_t *ret_cfa);

#endif

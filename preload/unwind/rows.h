/*
 * rows - return address -> packed unwind row, cached for the whole process
 *
 * A packed row says the two things that a walk needs of nearly every frame:
 * where the frame starts (CFA) and where the caller's frame pointer was saved.
 * Where the return address lies follows from the two (row_ra_place()).
 *
 * Contract
 *   - rows_find() may be called from any thread inside malloc; it takes no
 *     lock; a hit is one cache line;
 *   - ROW_COMPLEX, ROW_NONE and ROW_OUTERMOST are answers, not errors;
 *   - after rows_flush() no row found before it is returned.
 */
#ifndef PRELOAD_ROWS_H
#define PRELOAD_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"

/*
 * 30 bits: kind (2) | fp saved how (2) | fp offset / 8, signed (8) |
 * CFA offset / 8, signed (18). Kind 0 is one of the answers below.
 */
typedef uint32_t row_t;

enum row_kind {
	ROW_SPECIAL = 0,
	ROW_CFA_SP = 1,    /* CFA = sp + offset */
	ROW_CFA_FP = 2,    /* CFA = fp + offset */
	ROW_CFA_AT_FP = 3, /* CFA = word at fp + offset (realigned stack) */
};

#define ROW_OUTERMOST 4u /* the walk is complete here */
#define ROW_NO_MODULE 8u
#define ROW_NO_CFI 12u
#define ROW_COMPLEX 16u /* ask cfi_step() */

enum row_fp {
	ROW_FP_KEPT = 0,  /* the caller's fp is still in the register */
	ROW_FP_CFA = 1,   /* saved at CFA + fp offset */
	ROW_FP_AT_FP = 2, /* saved at fp + fp offset */
};

static inline enum row_kind row_kind(row_t r)
{
	return (enum row_kind)(r & 3);
}

static inline enum row_fp row_fp(row_t r)
{
	return (enum row_fp)(r >> 2 & 3);
}

static inline intptr_t row_fp_offset(row_t r)
{
	return (intptr_t)(int8_t)(r >> 4) * 8;
}

static inline intptr_t row_cfa_offset(row_t r)
{
	return (intptr_t)((int32_t)(r << 2) >> 14) * 8;
}

/* The place of the return address of a frame that is not special. */
static inline uintptr_t row_ra_place(row_t r, uintptr_t cfa)
{
	return arch_ra_place(cfa, row_fp(r) != ROW_FP_KEPT, row_fp_offset(r));
}

/* False when memory for the cache cannot be had; rows are then found slowly. */
bool rows_init(void);

/* The row of a return address. */
row_t rows_find(uintptr_t pc);

void rows_flush(void);

#endif

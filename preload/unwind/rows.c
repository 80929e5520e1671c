/*
 * rows - one table for all threads, of single words
 *
 * Shape. SETS sets of WAYS words, a cache line each. A word holds a packed row
 * and the part of the address that its set does not imply, so that one relaxed
 * load reads both and no word is ever torn. Losing a race to store a word
 * loses a cached row, nothing else.
 *
 * The set number is a bijective mix of the address's low bits with higher
 * ones, so tag and set together give the address back: no false hit.
 *
 * Unloaded modules: rows_flush() clears the table after the generation went
 * up. A thread that was computing a row meanwhile looks at the generation again
 * after it stored, and takes its word back when it changed (pair R1: flush:
 * store generation, then look and clear, all seq_cst  <->  fill: store word, then
 * load generation, both seq_cst; one of the two sees the other). While an unload
 * is under way nothing is filled: the object's own destructors allocate, and its
 * address may be another's before the unload returns.
 */
#include "preload/unwind/rows.h"

#include <errno.h>
#include <stddef.h>
#include <sys/auxv.h>

#include "preload/platform/os_linux.h"
#include "preload/unwind/cfi.h"
#include "preload/unwind/modules.h"

#define SET_BITS 13u
#define WAYS 8u
#define SETS (1u << SET_BITS)
#define ROW_BITS 30u
#define ROW_MASK ((1u << ROW_BITS) - 1u)

static uint64_t *table; /* NULL: no cache */

bool rows_init(void)
{
	table = os_reserve((size_t)SETS * WAYS * sizeof *table, true);
	return table != NULL;
}

static uint64_t *set_of(uintptr_t pc, uint64_t *ret_tag)
{
	uintptr_t address = pc >> ARCH_PC_SHIFT;
	uintptr_t high = address >> SET_BITS;
	uintptr_t set = (address ^ high ^ high >> 7) & (SETS - 1);

	*ret_tag = (uint64_t)high << ROW_BITS;
	return table + set * WAYS;
}

static bool small(int64_t value, int64_t limit)
{
	return value % 8 == 0 && value / 8 >= -limit && value / 8 < limit;
}

/* DW_OP_breg<fp> offset; DW_OP_deref: the CFA of a realigned frame. */
static bool cfa_at_fp(const struct cfi_row *full, int64_t *ret_offset)
{
	const uint8_t *e = full->cfa_expr;

	if (full->cfa_expr_len != 3 || e[0] != 0x70 + ARCH_REG_FP || (e[1] & 0x80) != 0 ||
	    e[2] != 0x06)
		return false;
	*ret_offset = (int8_t)(e[1] << 1) >> 1;
	return true;
}

static bool pack_cfa(const struct cfi_row *full, row_t *r)
{
	enum row_kind kind;
	int64_t offset = full->cfa_offset;

	if (full->cfa_expr != NULL && cfa_at_fp(full, &offset))
		kind = ROW_CFA_AT_FP;
	else if (full->cfa_expr != NULL)
		return false;
	else if (full->cfa_reg == ARCH_REG_SP)
		kind = ROW_CFA_SP;
	else if (full->cfa_reg == ARCH_REG_FP)
		kind = ROW_CFA_FP;
	else
		return false;
	if (!small(offset, 1 << 17))
		return false;
	*r |= kind | ((uint32_t)(offset / 8) & 0x3ffff) << 12;
	return true;
}

/* Where fp and the return address were saved. */
static bool pack_saved(const struct cfi_row *full, row_t *r)
{
	const struct cfi_rule *fp = &full->reg[ARCH_REG_FP];
	const struct cfi_rule *ra = &full->reg[ARCH_REG_RA];
	int64_t offset = fp->value;
	enum row_fp how;

	if (fp->how == CFI_SAME || fp->how == CFI_UNDEFINED) {
		how = ROW_FP_KEPT;
		offset = 0;
	} else if (fp->how == CFI_OFFSET) {
		how = ROW_FP_CFA;
	} else if (fp->how == CFI_EXPRESSION && fp->expr_len == 2 &&
		   fp->expr[0] == 0x70 + ARCH_REG_FP && (fp->expr[1] & 0x80) == 0) {
		how = ROW_FP_AT_FP;
		offset = (int8_t)(fp->expr[1] << 1) >> 1;
	} else {
		return false;
	}
	if (ra->how != CFI_OFFSET ||
	    !arch_ra_packs(ra->value, how != ROW_FP_KEPT, &offset) || !small(offset, 128))
		return false;
	*r |= (uint32_t)how << 2 | ((uint32_t)(offset / 8) & 0xff) << 4;
	return true;
}

static row_t pack(const struct cfi_row *full)
{
	row_t r = 0;

	if (full->reg[ARCH_REG_RA].how == CFI_UNDEFINED)
		return ROW_OUTERMOST;
	if (full->reg[ARCH_REG_SP].how != CFI_SAME || full->signal_frame ||
	    !pack_cfa(full, &r) || !pack_saved(full, &r))
		return ROW_COMPLEX;
	return r;
}

static row_t compute(uintptr_t pc)
{
	struct module_view module;
	struct cfi_row full;
	int ret;

	/* a call that never returns may be the last instruction of its function */
	if (!os_module_at(pc - 1, &module))
		return ROW_NO_MODULE;
	ret = cfi_find_return(&module, pc, &full);
	if (ret == -EINVAL)
		return ROW_COMPLEX;
	if (ret == -ENOENT && module.start == getauxval(AT_BASE))
		return ROW_OUTERMOST; /* the loader's entry, which started the process */
	return ret < 0 ? ROW_NO_CFI : pack(&full);
}

/* The way at which a search begins: most hits are there. */
static uint32_t first_way(uintptr_t pc)
{
	return (uint32_t)(pc >> ARCH_PC_SHIFT ^ pc >> 9) % WAYS;
}

static void fill(uint64_t *set, uintptr_t pc, uint64_t word, uint32_t generation)
{
	uint32_t first = first_way(pc);
	uint64_t *at = set + first;

	for (uint32_t i = 0; i < WAYS; i++) {
		uint64_t *way = set + (first + i) % WAYS;

		if (__atomic_load_n(way, __ATOMIC_RELAXED) == 0) {
			at = way;
			break;
		}
	}
	__atomic_store_n(at, word, __ATOMIC_SEQ_CST);   /* R1 */
	if (modules_generation_ordered() != generation) /* R1 */
		__atomic_compare_exchange_n(at, &word, 0, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
}

row_t rows_find(uintptr_t pc)
{
	uint32_t first = first_way(pc);
	uint32_t generation;
	uint64_t tag, word;
	uint64_t *set;
	row_t r;

	if (__builtin_expect(table == NULL || pc >> ARCH_PC_BITS != 0, 0))
		return compute(pc);
	set = set_of(pc, &tag);
	for (uint32_t i = 0; i < WAYS; i++) {
		word = __atomic_load_n(&set[(first + i) % WAYS], __ATOMIC_RELAXED);
		if ((word ^ tag) <= ROW_MASK && (word & ROW_MASK) != 0)
			return (row_t)(word & ROW_MASK);
	}
	generation = modules_generation_ordered(); /* R1 */
	r = compute(pc);
	/* code without a module (JIT) may get one later: ask again each time */
	if (r != ROW_NO_MODULE && modules_settled()) /* R1 */
		fill(set, pc, tag | r, generation);
	return r;
}

void rows_flush(void)
{
	/* few words are set: looking first leaves the untouched pages alone */
	for (size_t i = 0; table != NULL && i < (size_t)SETS * WAYS; i++)
		if (__atomic_load_n(&table[i], __ATOMIC_SEQ_CST) != 0) /* R1 */
			__atomic_store_n(&table[i], 0, __ATOMIC_SEQ_CST);
}

/*
 * cfi_step - apply a row to a full set of registers
 *
 * The slow, complete way up one frame: every callee-saved register, every kind
 * of rule, and the DWARF expressions that compilers and signal trampolines use
 * in unwind tables. unwind.c takes it for the frames that a packed row (rows.c)
 * cannot express.
 *
 * Memory is read only through load(), which refuses addresses outside [lo, hi).
 */
#include <errno.h>

#include "preload/unwind/cfi.h"
#include "preload/unwind/cfi_bytes.h"

#define STACK_MAX 16u

enum {
	DW_OP_addr = 0x03,
	DW_OP_deref = 0x06,
	DW_OP_const1u = 0x08,
	DW_OP_const1s = 0x09,
	DW_OP_const2u = 0x0a,
	DW_OP_const2s = 0x0b,
	DW_OP_const4u = 0x0c,
	DW_OP_const4s = 0x0d,
	DW_OP_const8u = 0x0e,
	DW_OP_const8s = 0x0f,
	DW_OP_constu = 0x10,
	DW_OP_consts = 0x11,
	DW_OP_dup = 0x12,
	DW_OP_drop = 0x13,
	DW_OP_swap = 0x16,
	DW_OP_and = 0x1a,
	DW_OP_minus = 0x1c,
	DW_OP_mul = 0x1e,
	DW_OP_neg = 0x1f,
	DW_OP_or = 0x21,
	DW_OP_plus = 0x22,
	DW_OP_plus_uconst = 0x23,
	DW_OP_shl = 0x24,
	DW_OP_shr = 0x25,
	DW_OP_eq = 0x29,
	DW_OP_ge = 0x2a,
	DW_OP_gt = 0x2b,
	DW_OP_le = 0x2c,
	DW_OP_lt = 0x2d,
	DW_OP_ne = 0x2e,
	DW_OP_lit0 = 0x30,
	DW_OP_lit31 = 0x4f,
	DW_OP_breg0 = 0x70,
	DW_OP_breg31 = 0x8f,
	DW_OP_bregx = 0x92,
	DW_OP_nop = 0x96,
};

struct evaluation {
	uint64_t stack[STACK_MAX];
	unsigned depth;
	const uintptr_t *reg;
	uintptr_t lo, hi;
	int error;
};

static bool load(uintptr_t at, uintptr_t lo, uintptr_t hi, uintptr_t *ret)
{
	if (at < lo || at > hi - sizeof *ret)
		return false;
	memcpy(ret, (const void *)at, sizeof *ret);
	return true;
}

static void push(struct evaluation *e, uint64_t value)
{
	if (e->depth == STACK_MAX)
		e->error = -EINVAL;
	else
		e->stack[e->depth++] = value;
}

static uint64_t pop(struct evaluation *e)
{
	if (e->depth == 0) {
		e->error = -EINVAL;
		return 0;
	}
	return e->stack[--e->depth];
}

static void deref(struct evaluation *e)
{
	uintptr_t value = 0;

	if (!load((uintptr_t)pop(e), e->lo, e->hi, &value))
		e->error = -EFAULT;
	push(e, value);
}

static bool push_constant(struct evaluation *e, uint8_t op, struct bytes *b)
{
	switch (op) {
	case DW_OP_addr:
	case DW_OP_const8u:
		return push(e, bytes_u64(b)), true;
	case DW_OP_const1u:
		return push(e, bytes_u8(b)), true;
	case DW_OP_const1s:
		return push(e, (uint64_t)(int64_t)bytes_s8(b)), true;
	case DW_OP_const2u:
		return push(e, bytes_u16(b)), true;
	case DW_OP_const2s:
		return push(e, (uint64_t)(int64_t)bytes_s16(b)), true;
	case DW_OP_const4u:
		return push(e, bytes_u32(b)), true;
	case DW_OP_const4s:
		return push(e, (uint64_t)(int64_t)bytes_s32(b)), true;
	case DW_OP_const8s:
		return push(e, (uint64_t)bytes_s64(b)), true;
	case DW_OP_constu:
		return push(e, bytes_uleb(b)), true;
	case DW_OP_consts:
		return push(e, (uint64_t)bytes_sleb(b)), true;
	default:
		return false;
	}
}

static bool compute(struct evaluation *e, uint8_t op)
{
	uint64_t b = pop(e), a = pop(e);

	switch (op) {
	case DW_OP_and:
		return push(e, a & b), true;
	case DW_OP_or:
		return push(e, a | b), true;
	case DW_OP_plus:
		return push(e, a + b), true;
	case DW_OP_minus:
		return push(e, a - b), true;
	case DW_OP_mul:
		return push(e, a * b), true;
	case DW_OP_shl:
		return push(e, b < 64 ? a << b : 0), true;
	case DW_OP_shr:
		return push(e, b < 64 ? a >> b : 0), true;
	case DW_OP_eq:
		return push(e, a == b), true;
	case DW_OP_ne:
		return push(e, a != b), true;
	case DW_OP_ge:
		return push(e, (int64_t)a >= (int64_t)b), true;
	case DW_OP_gt:
		return push(e, (int64_t)a > (int64_t)b), true;
	case DW_OP_le:
		return push(e, (int64_t)a <= (int64_t)b), true;
	case DW_OP_lt:
		return push(e, (int64_t)a < (int64_t)b), true;
	case DW_OP_swap:
		return push(e, b), push(e, a), true;
	default:
		return false;
	}
}

static void push_register(struct evaluation *e, uint64_t reg, int64_t offset)
{
	if (reg >= ARCH_REGS)
		e->error = -EINVAL;
	else
		push(e, e->reg[reg] + (uint64_t)offset);
}

static void operate(struct evaluation *e, uint8_t op, struct bytes *b)
{
	uint64_t reg;

	if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
		push(e, op - DW_OP_lit0);
	} else if (op >= DW_OP_breg0 && op <= DW_OP_breg31) {
		push_register(e, op - DW_OP_breg0, bytes_sleb(b));
	} else if (op == DW_OP_bregx) {
		reg = bytes_uleb(b);
		push_register(e, reg, bytes_sleb(b));
	} else if (op == DW_OP_deref) {
		deref(e);
	} else if (op == DW_OP_plus_uconst) {
		push(e, pop(e) + bytes_uleb(b));
	} else if (op == DW_OP_neg) {
		push(e, -pop(e));
	} else if (op == DW_OP_drop) {
		pop(e);
	} else if (op == DW_OP_dup) {
		reg = pop(e);
		push(e, reg);
		push(e, reg);
	} else if (op != DW_OP_nop && !push_constant(e, op, b) && !compute(e, op)) {
		e->error = -EINVAL;
	}
}

/* initial: pushed first, as the rules for registers want the CFA. */
static int evaluate(struct evaluation *e, const uint8_t *expr, uint64_t len,
		    const uintptr_t *initial, uintptr_t *ret)
{
	struct bytes b = { .at = expr, .end = expr + len };

	e->depth = 0;
	if (initial != NULL)
		push(e, *initial);
	while (bytes_left(&b) && e->error == 0)
		operate(e, bytes_u8(&b), &b);
	if (b.over)
		e->error = -EINVAL;
	*ret = (uintptr_t)pop(e);
	return e->error;
}

static int apply(struct evaluation *e, const struct cfi_rule *rule, uintptr_t cfa,
		 uintptr_t *value)
{
	uintptr_t at;
	int ret;

	switch (rule->how) {
	case CFI_SAME:
	case CFI_UNDEFINED:
		return 0;
	case CFI_OFFSET:
		return load(cfa + (uintptr_t)rule->value, e->lo, e->hi, value) ? 0
									       : -EFAULT;
	case CFI_VAL_OFFSET:
		*value = cfa + (uintptr_t)rule->value;
		return 0;
	case CFI_REGISTER:
		if (rule->value < 0 || rule->value >= (int64_t)ARCH_REGS)
			return -EINVAL;
		*value = e->reg[rule->value];
		return 0;
	case CFI_EXPRESSION:
		ret = evaluate(e, rule->expr, rule->expr_len, &cfa, &at);
		if (ret < 0)
			return ret;
		return load(at, e->lo, e->hi, value) ? 0 : -EFAULT;
	case CFI_VAL_EXPRESSION:
		return evaluate(e, rule->expr, rule->expr_len, &cfa, value);
	}
	return -EINVAL;
}

int cfi_step(const struct cfi_row *row, uintptr_t reg[ARCH_REGS], uintptr_t lo,
	     uintptr_t hi, uintptr_t *ret_cfa)
{
	struct evaluation e = { .reg = reg, .lo = lo, .hi = hi };
	uintptr_t next[ARCH_REGS];
	uintptr_t cfa;
	int ret = 0;

	if (row->reg[ARCH_REG_RA].how == CFI_UNDEFINED)
		return -ENODATA;
	if (row->cfa_expr != NULL)
		ret = evaluate(&e, row->cfa_expr, row->cfa_expr_len, NULL, &cfa);
	else
		cfa = reg[row->cfa_reg] + (uintptr_t)row->cfa_offset;
	if (ret < 0)
		return ret;
	memcpy(next, reg, sizeof next);
	next[ARCH_REG_SP] = cfa; /* unless a rule says otherwise */
	for (unsigned i = 0; i < ARCH_REGS; i++) {
		ret = apply(&e, &row->reg[i], cfa, &next[i]);
		if (ret < 0)
			return ret;
	}
	memcpy(reg, next, sizeof next);
	*ret_cfa = cfa;
	return 0;
}

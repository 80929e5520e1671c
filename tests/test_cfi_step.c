/*
 * test_cfi_step - the contract of cfi_step(): every rule, every operator of an
 * expression, and the bounds within which memory is read
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "preload/unwind/cfi.h"

#define RBX 3
#define RBP 6
#define RSP 7
#define RIP 16

static uintptr_t stack[16];
static uintptr_t reg[ARCH_REGS];
static uintptr_t cfa;

/* rsp is the stack's first word, CFA = rsp + 64, rip at CFA - 8. */
static struct cfi_row begin(void)
{
	struct cfi_row row = { .cfa_reg = RSP, .cfa_offset = 64 };

	for (unsigned i = 0; i < ARCH_REGS; i++)
		reg[i] = 0x1000 + i;
	for (unsigned i = 0; i < 16; i++)
		stack[i] = 0xa00 + i;
	reg[RSP] = (uintptr_t)stack;
	row.reg[RIP] = (struct cfi_rule){ .how = CFI_OFFSET, .value = -8 };
	return row;
}

static int step(const struct cfi_row *row)
{
	return cfi_step(row, reg, (uintptr_t)stack, (uintptr_t)(stack + 16), &cfa);
}

Test(cfi_step, the_caller_has_sp_at_the_cfa_and_its_pc_from_the_stack)
{
	struct cfi_row row = begin();

	cr_assert(eq(int, step(&row), 0));
	cr_expect(eq(uptr, cfa, (uintptr_t)(stack + 8)));
	cr_expect(eq(uptr, reg[RSP], cfa));
	cr_expect(eq(uptr, reg[RIP], 0xa07));
	cr_expect(eq(uptr, reg[RBX], 0x1000 + RBX), "a register without a rule is kept");
}

static uintptr_t rbx_by(enum cfi_how how, int64_t value)
{
	struct cfi_row row = begin();

	row.reg[RBX] = (struct cfi_rule){ .how = how, .value = value };
	cr_assert(eq(int, step(&row), 0));
	return reg[RBX];
}

Test(cfi_step, every_rule)
{
	cr_expect(eq(uptr, rbx_by(CFI_SAME, 0), 0x1000 + RBX));
	cr_expect(eq(uptr, rbx_by(CFI_UNDEFINED, 0), 0x1000 + RBX));
	cr_expect(eq(uptr, rbx_by(CFI_OFFSET, -24), 0xa05));
	cr_expect(eq(uptr, rbx_by(CFI_VAL_OFFSET, -24), (uintptr_t)(stack + 5)));
	cr_expect(eq(uptr, rbx_by(CFI_REGISTER, 12), 0x1000 + 12));
}

Test(cfi_step, rules_see_the_registers_from_before_the_step)
{
	struct cfi_row row = begin();

	row.reg[RBX] = (struct cfi_rule){ .how = CFI_REGISTER, .value = RBP };
	row.reg[RBP] = (struct cfi_rule){ .how = CFI_REGISTER, .value = RBX };
	cr_assert(eq(int, step(&row), 0));
	cr_expect(eq(uptr, reg[RBX], 0x1000 + RBP));
	cr_expect(eq(uptr, reg[RBP], 0x1000 + RBX));
}

Test(cfi_step, sp_can_have_a_rule_of_its_own)
{
	struct cfi_row row = begin();

	row.reg[RSP] = (struct cfi_rule){ .how = CFI_OFFSET, .value = -16 };
	cr_assert(eq(int, step(&row), 0));
	cr_expect(eq(uptr, reg[RSP], 0xa06));
}

Test(cfi_step, an_undefined_return_address_ends_the_stack)
{
	struct cfi_row row = begin();

	row.reg[RIP].how = CFI_UNDEFINED;
	cr_assert(eq(int, step(&row), -ENODATA));
	cr_expect(eq(uptr, reg[RSP], (uintptr_t)stack), "nothing changed");
}

Test(cfi_step, memory_is_read_within_the_bounds_only)
{
	struct cfi_row row = begin();

	row.reg[RBX] = (struct cfi_rule){ .how = CFI_OFFSET, .value = -64 };
	cr_expect(eq(int, step(&row), 0), "the first word");
	row = begin();
	row.reg[RBX] = (struct cfi_rule){ .how = CFI_OFFSET, .value = 56 };
	cr_expect(eq(int, step(&row), 0), "the last word");
	for (int64_t outside = -1000; outside < 1000; outside++) {
		if (outside >= -64 && outside <= 56)
			continue;
		row = begin();
		row.reg[RBX] = (struct cfi_rule){ .how = CFI_OFFSET, .value = outside };
		cr_expect(eq(int, step(&row), -EFAULT));
		cr_expect(eq(uptr, reg[RSP], (uintptr_t)stack), "nothing changed");
	}
}

Test(cfi_step, a_register_that_is_not_tracked_is_an_error)
{
	struct cfi_row row = begin();

	row.reg[RBX] = (struct cfi_rule){ .how = CFI_REGISTER, .value = ARCH_REGS };
	cr_expect(eq(int, step(&row), -EINVAL));
	row.reg[RBX].value = -1;
	cr_expect(eq(int, step(&row), -EINVAL));
}

/* The value of an expression, as a rule for rbx; the CFA is pushed first. */
static int evaluate(const uint8_t *expr, size_t n, uintptr_t *ret)
{
	struct cfi_row row = begin();
	int error;

	row.reg[RBX] = (struct cfi_rule){ .how = CFI_VAL_EXPRESSION,
					  .expr_len = (uint32_t)n,
					  .expr = expr };
	error = step(&row);
	*ret = reg[RBX];
	return error;
}

#define VALUE(...)                                                                       \
	({                                                                               \
		static const uint8_t expr_[] = { __VA_ARGS__ };                          \
		uintptr_t value_;                                                        \
                                                                                         \
		cr_assert(eq(int, evaluate(expr_, sizeof expr_, &value_), 0));           \
		value_;                                                                  \
	})

#define ERROR(...)                                                                       \
	({                                                                               \
		static const uint8_t expr_[] = { __VA_ARGS__ };                          \
		uintptr_t value_;                                                        \
                                                                                         \
		evaluate(expr_, sizeof expr_, &value_);                                  \
	})

Test(cfi_step, constants)
{
	cr_expect(eq(uptr, VALUE(0x30), 0));
	cr_expect(eq(uptr, VALUE(0x4f), 31));
	cr_expect(eq(uptr, VALUE(0x08, 0xff), 255));
	cr_expect(eq(uptr, VALUE(0x09, 0xff), UINTPTR_MAX));
	cr_expect(eq(uptr, VALUE(0x0a, 0xff, 0xff), 65535));
	cr_expect(eq(uptr, VALUE(0x0b, 0xfe, 0xff), (uintptr_t)-2));
	cr_expect(eq(uptr, VALUE(0x0c, 1, 2, 3, 0x84), 0x84030201));
	cr_expect(eq(uptr, VALUE(0x0d, 0xfd, 0xff, 0xff, 0xff), (uintptr_t)-3));
	cr_expect(eq(uptr, VALUE(0x0e, 1, 2, 3, 4, 5, 6, 7, 8), 0x0807060504030201));
	cr_expect(eq(uptr, VALUE(0x0f, 1, 2, 3, 4, 5, 6, 7, 0x88), 0x8807060504030201));
	cr_expect(eq(uptr, VALUE(0x03, 1, 2, 3, 4, 5, 6, 7, 8), 0x0807060504030201));
	cr_expect(eq(uptr, VALUE(0x10, 0x80, 0x01), 128));
	cr_expect(eq(uptr, VALUE(0x11, 0x7f), UINTPTR_MAX));
}

Test(cfi_step, registers)
{
	cr_expect(eq(uptr, VALUE(0x73, 0x7f), 0x1000 + RBX - 1));
	cr_expect(eq(uptr, VALUE(0x92, RBP, 5), 0x1000 + RBP + 5));
	cr_expect(eq(uptr, VALUE(0x80, 0), 0x1000 + RIP));
	cr_expect(eq(int, ERROR(0x81, 0), -EINVAL));
	cr_expect(eq(int, ERROR(0x92, 33, 0), -EINVAL));
}

Test(cfi_step, the_cfa_is_on_the_stack_of_a_registers_expression)
{
	cr_expect(eq(uptr, VALUE(0x23, 8), (uintptr_t)(stack + 9)));
	cr_expect(eq(uptr, VALUE(0x96), (uintptr_t)(stack + 8)));
}

Test(cfi_step, stack_operators)
{
	cr_expect(eq(uptr, VALUE(0x33, 0x34, 0x13), 3), "drop");
	cr_expect(eq(uptr, VALUE(0x33, 0x12, 0x22), 6), "dup, plus");
	cr_expect(eq(uptr, VALUE(0x33, 0x34, 0x16, 0x1c), 1), "swap, minus");
}

Test(cfi_step, arithmetic)
{
	cr_expect(eq(uptr, VALUE(0x3c, 0x3a, 0x1a), 8), "and");
	cr_expect(eq(uptr, VALUE(0x3c, 0x3a, 0x21), 14), "or");
	cr_expect(eq(uptr, VALUE(0x35, 0x33, 0x22), 8), "plus");
	cr_expect(eq(uptr, VALUE(0x35, 0x33, 0x1c), 2), "minus");
	cr_expect(eq(uptr, VALUE(0x35, 0x33, 0x1e), 15), "mul");
	cr_expect(eq(uptr, VALUE(0x35, 0x1f), (uintptr_t)-5), "neg");
	cr_expect(eq(uptr, VALUE(0x35, 0x33, 0x24), 40), "shl");
	cr_expect(eq(uptr, VALUE(0x4f, 0x33, 0x25), 3), "shr");
	cr_expect(eq(uptr, VALUE(0x35, 0x08, 64, 0x24), 0), "shl by the width");
	cr_expect(eq(uptr, VALUE(0x35, 0x08, 64, 0x25), 0), "shr by the width");
	cr_expect(eq(uptr, VALUE(0x35, 0x23, 0x80, 0x01), 133), "plus_uconst");
}

Test(cfi_step, comparisons_are_signed)
{
	static const uint8_t op[] = { 0x29, 0x2e, 0x2a, 0x2b, 0x2c, 0x2d };
	static const uint8_t less[] = { 0, 1, 0, 0, 1, 1 };
	static const uint8_t same[] = { 1, 0, 1, 0, 1, 0 };

	for (unsigned i = 0; i < 6; i++) {
		uint8_t minus_one_and_one[] = { 0x09, 0xff, 0x31, op[i] };
		uint8_t equal[] = { 0x35, 0x35, op[i] };
		uintptr_t value;

		cr_assert(eq(int, evaluate(minus_one_and_one, 4, &value), 0));
		cr_expect(eq(uptr, value, less[i]), "operator %x", op[i]);
		cr_assert(eq(int, evaluate(equal, 3, &value), 0));
		cr_expect(eq(uptr, value, same[i]), "operator %x", op[i]);
	}
}

Test(cfi_step, deref_reads_within_the_bounds_only)
{
	cr_expect(eq(uptr, VALUE(0x77, 16, 0x06), 0xa02));
	cr_expect(eq(int, ERROR(0x77, 0x78, 0x06), -EFAULT));
	cr_expect(eq(int, ERROR(0x77, 0xf9, 0x00, 0x06), -EFAULT),
		  "one byte over the end");
	cr_expect(eq(int, ERROR(0x30, 0x06), -EFAULT));
	cr_expect(eq(int, ERROR(0x09, 0xff, 0x06), -EFAULT),
		  "the end of the address space");
}

Test(cfi_step, expressions_that_make_no_sense_are_errors)
{
	cr_expect(eq(int, ERROR(0xff), -EINVAL), "unknown operator");
	cr_expect(eq(int, ERROR(0x13, 0x13), -EINVAL), "dropped more than there is");
	cr_expect(eq(int, ERROR(0x13, 0x22), -EINVAL));
	cr_expect(eq(int, ERROR(0x13), -EINVAL), "nothing left");
	cr_expect(eq(int, ERROR(0x0e, 1, 2), -EINVAL), "cut short");
	cr_expect(eq(int,
		     ERROR(0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30,
			   0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30),
		     -EINVAL),
		  "too deep");
}

Test(cfi_step, a_register_saved_where_an_expression_says)
{
	static const uint8_t expr[] = { 0x77, 24 };
	struct cfi_row row = begin();

	row.reg[RBX] =
		(struct cfi_rule){ .how = CFI_EXPRESSION, .expr_len = 2, .expr = expr };
	cr_assert(eq(int, step(&row), 0));
	cr_expect(eq(uptr, reg[RBX], 0xa03));
}

Test(cfi_step, a_cfa_by_expression)
{
	static const uint8_t expr[] = { 0x77, 16, 0x06 };
	struct cfi_row row = begin();

	stack[2] = (uintptr_t)(stack + 12);
	row.cfa_expr = expr;
	row.cfa_expr_len = sizeof expr;
	cr_assert(eq(int, step(&row), 0));
	cr_expect(eq(uptr, cfa, (uintptr_t)(stack + 12)));
	cr_expect(eq(uptr, reg[RIP], 0xa0b));
	row.cfa_expr_len = 0;
	reg[RSP] = (uintptr_t)stack;
	cr_expect(eq(int, step(&row), -EINVAL), "an empty expression");
}

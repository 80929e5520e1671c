#include "preload/unwind/unwind_full.h"

#include <errno.h>

#include "arch.h"
#include "preload/unwind/cfi.h"
#include "preload/unwind/modules.h"

struct full {
	uintptr_t reg[ARCH_REGS];
	uintptr_t lo, hi;  /* stack memory that may be read */
	bool after_signal; /* pc was interrupted: it is no return address */
};

/* Past a signal frame the walk may stand on another stack than before. */
static void set_bounds(struct full *f, const struct stack *stack)
{
	uintptr_t sp = f->reg[ARCH_REG_SP];

	f->lo = sp;
	f->hi = unwind_top(stack, sp);
}

static uint32_t end_of(int error)
{
	switch (error) {
	case -ENODATA:
		return HR_END_COMPLETE;
	case -ENOENT:
		return HR_END_NO_CFI;
	case -EFAULT:
		return HR_END_OFF_STACK;
	default:
		return HR_END_UNSUPPORTED;
	}
}

/* Moves to the caller. 0, or why there is none. */
static uint32_t step(struct full *f, const struct stack *stack)
{
	uintptr_t pc = f->reg[ARCH_REG_RA];
	uintptr_t sp = f->reg[ARCH_REG_SP];
	struct module_view module;
	struct cfi_row row;
	uintptr_t cfa;
	int ret;

	if (!os_module_at(f->after_signal ? pc : pc - 1, &module))
		return HR_END_NO_MODULE;
	if (f->after_signal)
		ret = cfi_find(&module, pc, &row);
	else
		ret = cfi_find_return(&module, pc, &row);
	if (ret == 0)
		ret = cfi_step(&row, f->reg, f->lo, f->hi, &cfa);
	if (ret < 0)
		return end_of(ret);
	f->after_signal = row.signal_frame;
	f->reg[ARCH_REG_RA] = arch_strip(f->reg[ARCH_REG_RA]);
	if (row.signal_frame)
		set_bounds(f, stack);
	else if (f->reg[ARCH_REG_SP] <= sp)
		return HR_END_BAD_FRAME;
	return f->reg[ARCH_REG_RA] == 0 ? HR_END_COMPLETE : 0;
}

__attribute__((noinline)) uint32_t unwind_full(const struct frame *caller,
					       const struct stack *stack,
					       struct stack_frame *frame, uint32_t depth,
					       uint32_t *ret_end)
{
	struct full f = { .after_signal = true }; /* our own pc is exact too */
	uint32_t frames = 0;
	uint32_t end = 0;

	arch_capture(f.reg);
	set_bounds(&f, stack);
	while (end == 0 && f.reg[ARCH_REG_SP] < caller->sp)
		end = step(&f, stack);
	if (end == 0 &&
	    (f.reg[ARCH_REG_SP] != caller->sp || f.reg[ARCH_REG_RA] != caller->pc))
		end = HR_END_BAD_FRAME;
	while (end == 0 && frames < depth) {
		/* stored as a return address would be: readers look up pc - 1 */
		frame[frames++].regs = (struct frame){
			.pc = f.reg[ARCH_REG_RA] + (f.after_signal ? 1 : 0),
			.sp = f.reg[ARCH_REG_SP],
		};
		end = step(&f, stack);
	}
	*ret_end = end == 0 ? (uint32_t)HR_END_DEPTH : end;
	return frames;
}

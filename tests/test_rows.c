/*
 * test_rows - the contract in preload/unwind/rows.h
 *
 * os_module_at() is this file's own: the rows come from hand-made tables, so that
 * every packing is seen, and the caches of the process are not involved.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "cfi_builder.h"
#include "preload/unwind/cfi.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/rows.h"

#define RBP 6
#define RSP 7
#define R10 10
#define RIP 16

static const uint8_t standard[] = { 0x0c, RSP, 8, 0x80 | RIP, 1 };
static struct cfi_builder builder;
static unsigned lookups;

bool os_module_is(uintptr_t pc, const void *identity, const void *eh_frame_hdr)
{
	(void)pc, (void)identity, (void)eh_frame_hdr;
	return true; /* hand-made: never unloaded */
}

bool os_module_at(uintptr_t pc, struct module_view *ret_view)
{
	*ret_view = builder_view(&builder);
	lookups++;
	return pc >= builder_pc(&builder, 0) && pc < builder_pc(&builder, 2048);
}

static row_t find(uint32_t offset)
{
	return rows_find(builder_pc(&builder, offset));
}

static void begin(const char *letters, const uint8_t *code, size_t n)
{
	builder_begin(&builder);
	builder_cie(&builder, letters, 1, 0x78, standard, sizeof standard);
	builder_fde(&builder, 0, 64, code, n);
}

#define ROW(...)                                                                         \
	({                                                                               \
		static const uint8_t code_[] = { __VA_ARGS__ };                          \
                                                                                         \
		begin("zR", code_, sizeof code_);                                        \
		find(10);                                                                \
	})

static void is(row_t r, enum row_kind kind, intptr_t cfa, enum row_fp fp, intptr_t at)
{
	cr_expect(eq(int, row_kind(r), kind));
	cr_expect(eq(iptr, row_cfa_offset(r), cfa));
	cr_expect(eq(int, row_fp(r), fp));
	cr_expect(eq(iptr, row_fp_offset(r), at));
}

Test(rows, frames_by_sp)
{
	is(ROW(0), ROW_CFA_SP, 8, ROW_FP_KEPT, 0);
	is(ROW(0x0e, 64), ROW_CFA_SP, 64, ROW_FP_KEPT, 0);
	is(ROW(0x0e, 16, 0x80 | RBP, 2), ROW_CFA_SP, 16, ROW_FP_CFA, -16);
	is(ROW(0x0e, 0xf8, 0xff, 0x3f), ROW_CFA_SP, 0xffff8, ROW_FP_KEPT, 0);
}

Test(rows, frames_by_fp)
{
	is(ROW(0x0e, 16, 0x80 | RBP, 2, 0x0d, RBP), ROW_CFA_FP, 16, ROW_FP_CFA, -16);
	is(ROW(0x0c, RBP, 8), ROW_CFA_FP, 8, ROW_FP_KEPT, 0);
}

/* def_cfa_expression(breg6 -8, deref); rbp by expression(breg6 0) */
Test(rows, frames_with_a_realigned_stack)
{
	is(ROW(0x0f, 3, 0x76, 0x78, 0x06, 0x10, RBP, 2, 0x76, 0), ROW_CFA_AT_FP, -8,
	   ROW_FP_AT_FP, 0);
	is(ROW(0x0f, 3, 0x76, 0x40, 0x06, 0x10, RBP, 2, 0x76, 0x38), ROW_CFA_AT_FP, -64,
	   ROW_FP_AT_FP, 56);
}

Test(rows, the_widest_offsets_round_trip)
{
	is(ROW(0x80 | RBP, 127), ROW_CFA_SP, 8, ROW_FP_CFA, -1016);
	is(ROW(0x05, RBP, 0x80, 0x01), ROW_CFA_SP, 8, ROW_FP_CFA, -1024);
	is(ROW(0x11, RBP, 0x81, 0x7f), ROW_CFA_SP, 8, ROW_FP_CFA, 1016);
}

Test(rows, what_does_not_fit_is_complex)
{
	cr_expect(eq(u32, ROW(0x0e, 12), ROW_COMPLEX), "not a multiple of 8");
	cr_expect(eq(u32, ROW(0x0e, 0x80, 0x80, 0x40), ROW_COMPLEX), "1 MiB");
	cr_expect(eq(u32, ROW(0x05, RBP, 0x81, 0x01), ROW_COMPLEX), "rbp too far off");
	cr_expect(eq(u32, ROW(0x0c, R10, 0), ROW_COMPLEX), "CFA by another register");
	cr_expect(eq(u32, ROW(0x80 | RIP, 2), ROW_COMPLEX), "rip elsewhere");
	cr_expect(eq(u32, ROW(0x80 | RSP, 2), ROW_COMPLEX), "rsp saved");
	cr_expect(eq(u32, ROW(0x09, RBP, R10), ROW_COMPLEX), "rbp in a register");
	cr_expect(eq(u32, ROW(0x0f, 2, 0x77, 8), ROW_COMPLEX), "another expression");
	cr_expect(eq(u32, ROW(0x10, RBP, 2, 0x77, 8), ROW_COMPLEX));
	cr_expect(eq(u32, ROW(0x10, RBP, 3, 0x76, 0x80, 1), ROW_COMPLEX));
	cr_expect(eq(u32, ROW(0x17), ROW_COMPLEX), "unknown instruction");
}

Test(rows, signal_frames_are_complex)
{
	begin("zRS", standard, 0);
	cr_assert(eq(u32, find(10), ROW_COMPLEX));
}

Test(rows, the_outermost_frame)
{
	cr_assert(eq(u32, ROW(0x07, RIP), ROW_OUTERMOST));
}

Test(rows, code_without_information)
{
	begin("zR", standard, 0);
	cr_expect(eq(u32, find(100), ROW_NO_CFI));
	cr_expect(eq(u32, rows_find(0x1000), ROW_NO_MODULE));
	cr_expect(eq(u32, rows_find(UINTPTR_MAX), ROW_NO_MODULE));
}

Test(rows, a_hit_asks_nobody)
{
	cr_assert(rows_init());
	is(ROW(0x0e, 64), ROW_CFA_SP, 64, ROW_FP_KEPT, 0);
	cr_assert(eq(u32, lookups, 1));
	is(find(10), ROW_CFA_SP, 64, ROW_FP_KEPT, 0);
	cr_assert(eq(u32, lookups, 1));
}

Test(rows, addresses_without_a_module_are_asked_for_again)
{
	cr_assert(rows_init());
	rows_find(0x1000);
	rows_find(0x1000);
	cr_assert(eq(u32, lookups, 2));
}

Test(rows, more_addresses_than_fit_are_all_right)
{
	static const uint8_t code[] = { 0x60, 0x0e, 16 };

	cr_assert(rows_init());
	begin("zR", code, sizeof code);
	builder_fde(&builder, 64, 1900, code, sizeof code);
	for (unsigned round = 0; round < 3; round++)
		for (uint32_t at = 1; at <= 1964; at++) {
			uint32_t in = at <= 64 ? at - 1 : at - 65;

			is(find(at), ROW_CFA_SP, in < 32 ? 8 : 16, ROW_FP_KEPT, 0);
		}
}

Test(rows, nothing_survives_a_flush)
{
	static const uint8_t other[] = { 0x0e, 48 };

	cr_assert(rows_init());
	is(ROW(0x0e, 64), ROW_CFA_SP, 64, ROW_FP_KEPT, 0);
	modules_unload_begin();
	modules_unload_end();
	begin("zR", other, sizeof other);
	is(find(10), ROW_CFA_SP, 48, ROW_FP_KEPT, 0);
}

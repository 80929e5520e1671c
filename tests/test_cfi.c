/*
 * test_cfi - the contract of cfi_find(): every instruction of DWARF 5 section 6.4.2,
 * the search, and tables that are damaged or end too early
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "cfi_builder.h"
#include "preload/unwind/cfi.h"

#define RBX 3
#define RBP 6
#define RSP 7
#define RIP 16

/* What every x86-64 CIE begins with: CFA = rsp + 8, rip at CFA - 8. */
static const uint8_t standard[] = { 0x0c, RSP, 8, 0x80 | RIP, 1 };

static struct cfi_builder builder;

static void begin(void)
{
	builder_begin(&builder);
	builder_cie(&builder, "zR", 1, 0x78, standard, sizeof standard);
}

static int find(uint32_t offset, struct cfi_row *row)
{
	struct module_view view = builder_view(&builder);

	return cfi_find(&view, builder_pc(&builder, offset), row);
}

/* The row at an offset of a function of 64 bytes with these instructions. */
#define ROW_AT(offset, ...)                                                              \
	({                                                                               \
		static const uint8_t code_[] = { __VA_ARGS__ };                          \
		struct cfi_row row_;                                                     \
                                                                                         \
		begin();                                                                 \
		builder_fde(&builder, 0, 64, code_, sizeof code_);                       \
		cr_assert(eq(int, find((offset), &row_), 0));                            \
		row_;                                                                    \
	})

#define ERROR_AT(offset, ...)                                                            \
	({                                                                               \
		static const uint8_t code_[] = { __VA_ARGS__ };                          \
		struct cfi_row row_;                                                     \
                                                                                         \
		begin();                                                                 \
		builder_fde(&builder, 0, 64, code_, sizeof code_);                       \
		find((offset), &row_);                                                   \
	})

static void rule_is(const struct cfi_row *row, unsigned reg, enum cfi_how how,
		    int64_t value)
{
	cr_expect(eq(int, row->reg[reg].how, how), "register %u", reg);
	cr_expect(eq(i64, row->reg[reg].value, value), "register %u", reg);
}

static void cfa_is(const struct cfi_row *row, uint32_t reg, int64_t offset)
{
	cr_expect(eq(ptr, (void *)row->cfa_expr, NULL));
	cr_expect(eq(u32, row->cfa_reg, reg));
	cr_expect(eq(i64, row->cfa_offset, offset));
}

Test(cfi, the_cies_rules_hold_from_the_start)
{
	struct cfi_row row = ROW_AT(0, 0);

	cfa_is(&row, RSP, 8);
	rule_is(&row, RIP, CFI_OFFSET, -8);
	rule_is(&row, RBX, CFI_SAME, 0);
	cr_expect(not(row.signal_frame));
}

Test(cfi, advances_apply_from_their_address_on)
{
	struct cfi_row row = ROW_AT(4, 0x40 | 5, 0x0e, 16);

	cfa_is(&row, RSP, 8);
	row = ROW_AT(5, 0x40 | 5, 0x0e, 16);
	cfa_is(&row, RSP, 16);
	row = ROW_AT(9, 0x02, 10, 0x0e, 16); /* advance_loc1 */
	cfa_is(&row, RSP, 8);
	row = ROW_AT(10, 0x02, 10, 0x0e, 16);
	cfa_is(&row, RSP, 16);
	row = ROW_AT(10, 0x03, 10, 0, 0x0e, 16); /* advance_loc2 */
	cfa_is(&row, RSP, 16);
	row = ROW_AT(9, 0x03, 10, 0, 0x0e, 16);
	cfa_is(&row, RSP, 8);
	row = ROW_AT(10, 0x04, 10, 0, 0, 0, 0x0e, 16); /* advance_loc4 */
	cfa_is(&row, RSP, 16);
	row = ROW_AT(9, 0x04, 10, 0, 0, 0, 0x0e, 16);
	cfa_is(&row, RSP, 8);
	row = ROW_AT(9, 0x03, 0, 1, 0x0e, 16);
	cfa_is(&row, RSP, 8);
}

Test(cfi, the_location_can_be_set)
{
	uint8_t code[] = { 0x01, 0, 0, 0, 0, 0x0e, 24 };
	struct cfi_row row;
	int32_t relative;
	size_t at;

	begin();
	at = builder.used + 17 + 1; /* where the FDE's pointer will lie */
	relative = (int32_t)(BUILDER_CODE + 20 - at);
	memcpy(code + 1, &relative, sizeof relative);
	builder_fde(&builder, 0, 64, code, sizeof code);
	cr_assert(eq(int, find(19, &row), 0));
	cfa_is(&row, RSP, 8);
	cr_assert(eq(int, find(20, &row), 0));
	cfa_is(&row, RSP, 24);
}

Test(cfi, advances_are_scaled_by_code_alignment)
{
	static const uint8_t code[] = { 0x40 | 3, 0x0e, 16 };
	struct cfi_row row;

	builder_begin(&builder);
	builder_cie(&builder, "zR", 4, 0x78, standard, sizeof standard);
	builder_fde(&builder, 0, 64, code, sizeof code);
	cr_assert(eq(int, find(11, &row), 0));
	cfa_is(&row, RSP, 8);
	cr_assert(eq(int, find(12, &row), 0));
	cfa_is(&row, RSP, 16);
}

Test(cfi, every_way_to_define_the_cfa)
{
	struct cfi_row row = ROW_AT(0, 0x0c, RBP, 16); /* def_cfa */

	cfa_is(&row, RBP, 16);
	row = ROW_AT(0, 0x0d, RBP); /* def_cfa_register */
	cfa_is(&row, RBP, 8);
	row = ROW_AT(0, 0x0e, 0x80, 0x02); /* def_cfa_offset 256 */
	cfa_is(&row, RSP, 256);
	row = ROW_AT(0, 0x12, RBP, 0x7e); /* def_cfa_sf -2 */
	cfa_is(&row, RBP, 16);
	row = ROW_AT(0, 0x13, 0x7d); /* def_cfa_offset_sf -3 */
	cfa_is(&row, RSP, 24);
	row = ROW_AT(0, 0x0f, 2, 0x76, 0x78); /* def_cfa_expression breg6 -8 */
	cr_expect(eq(u64, row.cfa_expr_len, 2));
	cr_expect(row.cfa_expr[0] == 0x76 && row.cfa_expr[1] == 0x78);
	row = ROW_AT(0, 0x0f, 2, 0x76, 0x78, 0x0c, RSP, 8);
	cfa_is(&row, RSP, 8);
}

Test(cfi, every_way_to_save_a_register)
{
	struct cfi_row row = ROW_AT(0, 0x80 | RBX, 3); /* offset */

	rule_is(&row, RBX, CFI_OFFSET, -24);
	row = ROW_AT(0, 0x05, RBX, 3); /* offset_extended */
	rule_is(&row, RBX, CFI_OFFSET, -24);
	row = ROW_AT(0, 0x11, RBX, 0x7d); /* offset_extended_sf -3 */
	rule_is(&row, RBX, CFI_OFFSET, 24);
	row = ROW_AT(0, 0x2f, RBX, 3); /* GNU_negative_offset_extended */
	rule_is(&row, RBX, CFI_OFFSET, 24);
	row = ROW_AT(0, 0x14, RBX, 2); /* val_offset */
	rule_is(&row, RBX, CFI_VAL_OFFSET, -16);
	row = ROW_AT(0, 0x15, RBX, 0x7e); /* val_offset_sf -2 */
	rule_is(&row, RBX, CFI_VAL_OFFSET, 16);
	row = ROW_AT(0, 0x09, RBX, 12); /* register */
	rule_is(&row, RBX, CFI_REGISTER, 12);
	row = ROW_AT(0, 0x07, RBX); /* undefined */
	rule_is(&row, RBX, CFI_UNDEFINED, 0);
	row = ROW_AT(0, 0x80 | RBX, 3, 0x08, RBX); /* same_value */
	rule_is(&row, RBX, CFI_SAME, 0);
	row = ROW_AT(0, 0x10, RBX, 2, 0x77, 0); /* expression */
	cr_expect(eq(int, row.reg[RBX].how, CFI_EXPRESSION));
	cr_expect(eq(u32, row.reg[RBX].expr_len, 2));
	cr_expect(eq(int, row.reg[RBX].expr[0], 0x77));
	row = ROW_AT(0, 0x16, RBX, 2, 0x77, 0); /* val_expression */
	cr_expect(eq(int, row.reg[RBX].how, CFI_VAL_EXPRESSION));
	cr_expect(eq(u32, row.reg[RBX].expr_len, 2));
}

Test(cfi, restore_goes_back_to_the_cies_rule)
{
	struct cfi_row row = ROW_AT(0, 0x80 | RIP, 4, 0xc0 | RIP);

	rule_is(&row, RIP, CFI_OFFSET, -8);
	row = ROW_AT(0, 0x80 | RIP, 4, 0x06, RIP); /* restore_extended */
	rule_is(&row, RIP, CFI_OFFSET, -8);
	row = ROW_AT(0, 0x80 | RBX, 4, 0xc0 | RBX);
	rule_is(&row, RBX, CFI_SAME, 0);
}

Test(cfi, states_are_remembered_and_nest)
{
	struct cfi_row row = ROW_AT(30, 0x0e, 16, 0x0a, 0x41, 0x0e, 24, 0x0a, 0x41, 0x0e,
				    32, 0x0b, 0x41, 0x80 | RBX, 2, 0x0b);

	cfa_is(&row, RSP, 16);
	rule_is(&row, RBX, CFI_SAME, 0);
	row = ROW_AT(1, 0x0e, 16, 0x0a, 0x41, 0x0e, 24, 0x41, 0x0b);
	cfa_is(&row, RSP, 24);
}

Test(cfi, too_many_remembered_states_are_an_error)
{
	cr_expect(eq(int, ERROR_AT(0, 0x0a, 0x0a), 0));
	cr_expect(eq(int, ERROR_AT(0, 0x0a, 0x0a, 0x0a), -EINVAL));
	cr_expect(eq(int, ERROR_AT(0, 0x0b), -EINVAL), "restored without a state");
}

Test(cfi, what_does_not_concern_a_walk_is_skipped)
{
	struct cfi_row row = ROW_AT(0, 0x2e, 0x80, 0x01, 0x2d, 0x00, 0x0e, 48);

	cfa_is(&row, RSP, 48);
	/* xmm registers: columns that are not tracked */
	row = ROW_AT(0, 0x80 | 17, 1, 0x05, 60, 2, 0x10, 40, 1, 0x96, 0xc0 | 20, 0x0e,
		     56);
	cfa_is(&row, RSP, 56);
}

Test(cfi, unknown_instructions_are_an_error)
{
	cr_expect(eq(int, ERROR_AT(0, 0x17), -EINVAL));
	cr_expect(eq(int, ERROR_AT(0, 0x3f), -EINVAL));
	cr_expect(eq(int, ERROR_AT(0, 0x0c, 40, 8), -EINVAL),
		  "a CFA register not tracked");
	/* ... but not where they come after the address */
	cr_expect(eq(int, ERROR_AT(0, 0x41, 0x17), 0));
}

/* Found by fuzz_cfi: the CIE advanced past the address, then came the bad register. */
Test(cfi, a_cie_that_advances_hides_no_error)
{
	static const uint8_t advances[] = { 0x0c, RSP, 8, 0x80 | RIP, 1, 0x7f };
	static const uint8_t bad[] = { 0x0c, 40, 8 };
	struct cfi_row row;

	builder_begin(&builder);
	builder_cie(&builder, "zR", 1, 0x78, advances, sizeof advances);
	builder_fde(&builder, 0, 64, bad, sizeof bad);
	cr_expect(eq(int, find(0, &row), -EINVAL));
}

Test(cfi, instructions_cut_short_are_an_error)
{
	cr_expect(eq(int, ERROR_AT(0, 0, 0, 0, 0, 0, 0x0f, 100), -EINVAL));
	cr_expect(eq(int, ERROR_AT(0, 0, 0, 0, 0, 0, 0x10, 3, 100), -EINVAL));
}

Test(cfi, the_function_that_holds_the_address_is_found)
{
	struct cfi_row row;

	begin();
	for (uint8_t i = 0; i < 8; i++) {
		uint8_t code[] = { 0x0e, (uint8_t)(16 + i) };

		builder_fde(&builder, i * 100u, 50, code, sizeof code);
	}
	for (uint8_t i = 0; i < 8; i++) {
		cr_assert(eq(int, find(i * 100u, &row), 0));
		cfa_is(&row, RSP, 16 + i);
		cr_assert(eq(int, find(i * 100u + 49, &row), 0));
		cfa_is(&row, RSP, 16 + i);
		cr_expect(eq(int, find(i * 100u + 50, &row), -ENOENT));
		cr_expect(eq(int, find(i * 100u - 1, &row), -ENOENT));
	}
}

Test(cfi, a_module_without_a_table_has_no_rows)
{
	struct module_view view;
	struct cfi_row row;

	begin();
	cr_expect(eq(int, find(0, &row), -ENOENT), "an empty table");
	view = builder_view(&builder);
	view.eh_frame_hdr = NULL;
	cr_expect(eq(int, cfi_find(&view, builder_pc(&builder, 0), &row), -ENOENT));
}

Test(cfi, signal_frames_are_marked)
{
	struct cfi_row row;

	builder_begin(&builder);
	builder_cie(&builder, "zRS", 1, 0x78, standard, sizeof standard);
	builder_fde(&builder, 0, 64, standard, 0);
	cr_assert(eq(int, find(0, &row), 0));
	cr_expect(row.signal_frame);
}

Test(cfi, personality_and_language_data_are_skipped)
{
	struct cfi_row row;

	builder_begin(&builder);
	builder_cie(&builder, "zPLR", 1, 0x78, standard, sizeof standard);
	builder_fde(&builder, 0, 64, standard, 0);
	cr_assert(eq(int, find(0, &row), 0));
	cfa_is(&row, RSP, 8);
}

static int find_return(uint32_t offset, struct cfi_row *row)
{
	struct module_view view = builder_view(&builder);

	return cfi_find_return(&view, builder_pc(&builder, offset), row);
}

Test(cfi, a_return_address_has_the_row_of_the_call_before_it)
{
	static const uint8_t code[] = { 0x42, 0x0e, 16 };
	struct cfi_row row;

	begin();
	builder_fde(&builder, 0, 50, code, sizeof code);
	builder_fde(&builder, 50, 50, code, 0);
	cr_assert(eq(int, find_return(2, &row), 0));
	cfa_is(&row, RSP, 8);
	cr_assert(eq(int, find_return(50, &row), 0),
		  "behind a call that does not return");
	cfa_is(&row, RSP, 16);
	cr_expect(eq(int, find_return(150, &row), -ENOENT));
}

Test(cfi, nothing_called_a_function_that_is_returned_to_at_its_start)
{
	struct cfi_row row;

	begin();
	builder_fde(&builder, 10, 50, standard, 0);
	cr_assert(eq(int, find_return(10, &row), 0));
	cr_expect(eq(int, row.reg[RIP].how, CFI_UNDEFINED));
}

Test(cfi, a_signal_trampoline_is_found_at_its_start)
{
	struct cfi_row row;

	builder_begin(&builder);
	builder_cie(&builder, "zRS", 1, 0x78, standard, sizeof standard);
	builder_fde(&builder, 10, 50, standard, 0);
	cr_assert(eq(int, find_return(10, &row), 0));
	cr_expect(row.signal_frame && row.reg[RIP].how == CFI_OFFSET);
}

/* A module whose last byte is the last of a page, with nothing mapped behind. */
static struct module_view at_the_edge(const uint8_t *bytes, size_t n)
{
	static uint8_t *pages;
	uint8_t *at;

	if (pages == NULL)
		pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(pages + 2 * 4096, 4096, PROT_NONE);
	at = pages + 2 * 4096 - n;
	memcpy(at, bytes, n);
	return (struct module_view){ .start = (uintptr_t)at,
				     .end = (uintptr_t)at + n,
				     .eh_frame_hdr = at,
				     .table_lo = (uintptr_t)at,
				     .table_hi = (uintptr_t)at + n };
}

Test(cfi, a_table_cut_anywhere_is_not_read_behind_its_end)
{
	static const uint8_t code[] = { 0x41, 0x0e, 16, 0x0f, 2, 0x77, 8, 0x0e, 32 };

	begin();
	builder_fde(&builder, 0, 50, code, sizeof code);
	builder_fde(&builder, 50, 50, code, sizeof code);
	for (size_t n = 1; n <= builder.used; n++) {
		struct module_view view = at_the_edge(builder.bytes, n);
		struct cfi_row row;
		int ret = cfi_find(&view, view.start + BUILDER_CODE + 5, &row);

		cr_expect(ret == 0 || ret == -EINVAL || ret == -ENOENT);
		cr_expect(n < builder.used || ret == 0);
	}
}

/* Every byte of the tables, turned into every other value. */
Test(cfi, a_damaged_table_is_not_read_outside_the_module, .timeout = 60)
{
	static const uint8_t code[] = { 0x41, 0x0e, 16, 0x0a, 0x10, 3, 2, 0x77, 8, 0x0b };

	begin();
	builder_fde(&builder, 0, 50, code, sizeof code);
	builder_fde(&builder, 50, 50, code, sizeof code);
	for (size_t i = 0; i < builder.used; i++) {
		uint8_t good = builder.bytes[i];

		for (unsigned bad = 0; bad < 256; bad++) {
			struct module_view view;
			struct cfi_row row;

			builder.bytes[i] = (uint8_t)bad;
			view = at_the_edge(builder.bytes, builder.used);
			cfi_find(&view, view.start + BUILDER_CODE + 5, &row);
			cfi_find(&view, view.start + BUILDER_CODE + 55, &row);
		}
		builder.bytes[i] = good;
	}
}

Test(cfi, a_record_that_points_before_the_module_is_an_error)
{
	struct cfi_row row;
	uint32_t far = 0x7fffffff;

	begin();
	builder_fde(&builder, 0, 50, standard, 0);
	memcpy(builder_last(&builder, 20), &far, 4);
	cr_expect(eq(int, find(0, &row), -EINVAL));
}

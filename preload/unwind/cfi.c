/*
 * cfi - from a code address to its row, through .eh_frame_hdr
 *
 * Method. The header's sorted table gives the FDE by binary search; the FDE
 * names its CIE; the CIE's instructions and then the FDE's are run until they
 * pass the address. REMEMBER_MAX row states are kept for DW_CFA_remember_state;
 * compilers do not nest it. All lies on the stack, which may be a signal handler's
 * of 8 KiB: a rule takes 16 bytes, a row some 300.
 *
 * Not here: applying a row to registers (cfi_step.c), caching rows (rows.c).
 */
#include "preload/unwind/cfi.h"

#include <errno.h>
#include <string.h>

#include "preload/unwind/cfi_bytes.h"

#define REMEMBER_MAX 2u
#define HDR_TABLE_SDATA4 0x3b /* DW_EH_PE_datarel | DW_EH_PE_sdata4 */

enum {
	DW_EH_PE_omit = 0xff,
	DW_EH_PE_pcrel = 0x10,
	DW_EH_PE_datarel = 0x30,
	DW_EH_PE_indirect = 0x80,

	DW_CFA_nop = 0x00,
	DW_CFA_set_loc = 0x01,
	DW_CFA_advance_loc1 = 0x02,
	DW_CFA_advance_loc2 = 0x03,
	DW_CFA_advance_loc4 = 0x04,
	DW_CFA_offset_extended = 0x05,
	DW_CFA_restore_extended = 0x06,
	DW_CFA_undefined = 0x07,
	DW_CFA_same_value = 0x08,
	DW_CFA_register = 0x09,
	DW_CFA_remember_state = 0x0a,
	DW_CFA_restore_state = 0x0b,
	DW_CFA_def_cfa = 0x0c,
	DW_CFA_def_cfa_register = 0x0d,
	DW_CFA_def_cfa_offset = 0x0e,
	DW_CFA_def_cfa_expression = 0x0f,
	DW_CFA_expression = 0x10,
	DW_CFA_offset_extended_sf = 0x11,
	DW_CFA_def_cfa_sf = 0x12,
	DW_CFA_def_cfa_offset_sf = 0x13,
	DW_CFA_val_offset = 0x14,
	DW_CFA_val_offset_sf = 0x15,
	DW_CFA_val_expression = 0x16,
	DW_CFA_GNU_window_save = 0x2d, /* aarch64: DW_CFA_AARCH64_negate_ra_state */
	DW_CFA_GNU_args_size = 0x2e,
	DW_CFA_GNU_negative_offset_extended = 0x2f,
};

struct cie {
	struct bytes code; /* initial instructions */
	uint64_t code_align;
	int64_t data_align;
	uint8_t pointer_encoding;
	bool has_augmentation;
	bool signal_frame;
};

struct fde {
	struct cie cie;
	struct bytes code;
	uintptr_t start;
	uintptr_t end;
};

static uintptr_t pointer_value(struct bytes *b, uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case 0x00:
	case 0x04:
	case 0x0c:
		return (uintptr_t)bytes_u64(b);
	case 0x01:
		return (uintptr_t)bytes_uleb(b);
	case 0x02:
		return bytes_u16(b);
	case 0x03:
		return bytes_u32(b);
	case 0x09:
		return (uintptr_t)bytes_sleb(b);
	case 0x0a:
		return (uintptr_t)(intptr_t)bytes_s16(b);
	case 0x0b:
		return (uintptr_t)(intptr_t)bytes_s32(b);
	default:
		b->over = true;
		return 0;
	}
}

static uintptr_t pointer(struct bytes *b, uint8_t encoding)
{
	uintptr_t base = (uintptr_t)b->at;
	uintptr_t value = pointer_value(b, encoding);

	if ((encoding & 0x70) == DW_EH_PE_pcrel)
		value += base;
	else if ((encoding & 0x70) != 0)
		b->over = true;
	return value;
}

/* Opens the record at `at`: b spans it after its length. False at a damaged one. */
static bool record_open(const uint8_t *at, const uint8_t *limit, struct bytes *b)
{
	uint64_t len;

	*b = (struct bytes){ .at = at, .end = limit };
	len = bytes_u32(b);
	if (len == 0xffffffff)
		len = bytes_u64(b);
	if (b->over || len == 0 || len > (uint64_t)(limit - b->at))
		return false;
	b->end = b->at + len;
	return true;
}

static void augmentation(struct cie *cie, struct bytes *b, const char *letters)
{
	uint64_t len;
	const uint8_t *start = bytes_block(b, &len);

	if (b->over)
		return;
	b->at = start;
	cie->has_augmentation = true;
	for (letters++; *letters != '\0'; letters++) {
		if (*letters == 'R') {
			cie->pointer_encoding = bytes_u8(b);
		} else if (*letters == 'P') {
			uint8_t encoding = bytes_u8(b);

			pointer_value(b, encoding);
		} else if (*letters == 'L') {
			bytes_u8(b);
		} else if (*letters == 'S') {
			cie->signal_frame = true;
		}
	}
	b->at = start + len;
}

static int cie_parse(struct cie *cie, const uint8_t *at, const uint8_t *limit)
{
	struct bytes b;
	const char *letters;
	uint8_t version;

	*cie = (struct cie){ 0 };
	if (!record_open(at, limit, &b) || bytes_u32(&b) != 0)
		return -EINVAL;
	version = bytes_u8(&b);
	letters = (const char *)b.at;
	while (bytes_u8(&b) != 0)
		;
	if (version == 4)
		bytes_u16(&b); /* address and segment size */
	cie->code_align = bytes_uleb(&b);
	cie->data_align = bytes_sleb(&b);
	if (version == 1)
		bytes_u8(&b); /* return address column */
	else
		bytes_uleb(&b);
	if (b.over)
		return -EINVAL;
	if (*letters == 'z')
		augmentation(cie, &b, letters);
	else if (*letters != '\0')
		return -EINVAL;
	cie->code = b;
	return b.over ? -EINVAL : 0;
}

static int fde_parse(struct fde *fde, const uint8_t *at, const struct module_view *module)
{
	const uint8_t *limit = (const uint8_t *)module->table_hi;
	const uint8_t *id_at;
	struct bytes b;
	uint32_t cie_offset;
	int ret;

	if (!record_open(at, limit, &b))
		return -EINVAL;
	id_at = b.at;
	cie_offset = bytes_u32(&b);
	if (cie_offset == 0 || cie_offset > (uintptr_t)id_at - module->table_lo)
		return -EINVAL;
	ret = cie_parse(&fde->cie, id_at - cie_offset, limit);
	if (ret < 0)
		return ret;
	fde->start = pointer(&b, fde->cie.pointer_encoding);
	fde->end = fde->start + pointer_value(&b, fde->cie.pointer_encoding & 0x0f);
	if (fde->cie.has_augmentation) {
		uint64_t len;

		bytes_block(&b, &len);
	}
	fde->code = b;
	return b.over ? -EINVAL : 0;
}

/* An address in the sorted table: 4 bytes, relative to the header. */
static uintptr_t table_entry(const uint8_t *hdr, const uint8_t *at)
{
	int32_t relative;

	memcpy(&relative, at, sizeof relative);
	return (uintptr_t)hdr + (uintptr_t)(intptr_t)relative;
}

/* The address of the FDE whose range may hold pc; 0 when there is none. */
static uintptr_t fde_search(const struct module_view *module, uintptr_t pc)
{
	const uint8_t *hdr = module->eh_frame_hdr;
	struct bytes b = { .at = hdr, .end = (const uint8_t *)module->table_hi };
	uint8_t version = bytes_u8(&b);
	uint8_t frame_encoding = bytes_u8(&b);
	uint8_t count_encoding = bytes_u8(&b);
	uint8_t table_encoding = bytes_u8(&b);
	uint64_t low = 0, high;

	if (version != 1 || table_encoding != HDR_TABLE_SDATA4 ||
	    count_encoding == DW_EH_PE_omit)
		return 0;
	pointer_value(&b, frame_encoding);
	high = pointer_value(&b, count_encoding);
	if (b.over || high > (uint64_t)(b.end - b.at) / 8)
		return 0;
	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (table_entry(hdr, b.at + 8 * middle) <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? 0 : table_entry(hdr, b.at + 8 * (low - 1) + 4);
}

struct machine {
	struct cfi_row *row;    /* the caller's */
	struct cfi_row initial; /* after the CIE's instructions */
	struct cfi_row saved[REMEMBER_MAX];
	unsigned depth;
	uintptr_t location;
	const struct cie *cie;
	bool bad;
};

static void rule(struct machine *m, uint64_t reg, enum cfi_how how, int64_t value)
{
	if (reg < ARCH_REGS)
		m->row->reg[reg] = (struct cfi_rule){ .how = how, .value = value };
}

static void rule_block(struct machine *m, uint64_t reg, enum cfi_how how, struct bytes *b)
{
	uint64_t len;
	const uint8_t *expr = bytes_block(b, &len);

	if (reg < ARCH_REGS)
		m->row->reg[reg] = (struct cfi_rule){ .how = how,
						      .expr_len = (uint32_t)len,
						      .expr = expr };
}

static void def_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
	m->row->cfa_reg = (uint32_t)reg;
	m->row->cfa_offset = offset;
	m->row->cfa_expr = NULL;
	if (reg >= ARCH_REGS)
		m->bad = true;
}

static void restore(struct machine *m, uint64_t reg)
{
	if (reg < ARCH_REGS)
		m->row->reg[reg] = m->initial.reg[reg];
}

static void remember(struct machine *m)
{
	if (m->depth == REMEMBER_MAX)
		m->bad = true;
	else
		m->saved[m->depth++] = *m->row;
}

static void recall(struct machine *m)
{
	if (m->depth == 0)
		m->bad = true;
	else
		*m->row = m->saved[--m->depth];
}

/* A factored offset; a damaged table may hold any number. */
static int64_t scaled(uint64_t n, int64_t align)
{
	return (int64_t)(n * (uint64_t)align);
}

/* The instructions that say how a register was saved. */
static bool run_register(struct machine *m, uint8_t op, struct bytes *b)
{
	int64_t align = m->cie->data_align;
	uint64_t reg = bytes_uleb(b);

	switch (op) {
	case DW_CFA_offset_extended:
		rule(m, reg, CFI_OFFSET, scaled(bytes_uleb(b), align));
		return true;
	case DW_CFA_offset_extended_sf:
		rule(m, reg, CFI_OFFSET, scaled((uint64_t)bytes_sleb(b), align));
		return true;
	case DW_CFA_GNU_negative_offset_extended:
		rule(m, reg, CFI_OFFSET, scaled(0 - bytes_uleb(b), align));
		return true;
	case DW_CFA_val_offset:
		rule(m, reg, CFI_VAL_OFFSET, scaled(bytes_uleb(b), align));
		return true;
	case DW_CFA_val_offset_sf:
		rule(m, reg, CFI_VAL_OFFSET, scaled((uint64_t)bytes_sleb(b), align));
		return true;
	case DW_CFA_register:
		rule(m, reg, CFI_REGISTER, (int64_t)bytes_uleb(b));
		return true;
	case DW_CFA_expression:
		rule_block(m, reg, CFI_EXPRESSION, b);
		return true;
	case DW_CFA_val_expression:
		rule_block(m, reg, CFI_VAL_EXPRESSION, b);
		return true;
	case DW_CFA_undefined:
		rule(m, reg, CFI_UNDEFINED, 0);
		return true;
	case DW_CFA_same_value:
		rule(m, reg, CFI_SAME, 0);
		return true;
	case DW_CFA_restore_extended:
		restore(m, reg);
		return true;
	default:
		return false;
	}
}

/* The instructions that say where the frame is, or move the location. */
static bool run_frame(struct machine *m, uint8_t op, struct bytes *b)
{
	int64_t align = m->cie->data_align;
	uint64_t reg;

	switch (op) {
	case DW_CFA_nop:
	case DW_CFA_GNU_window_save:
		return true;
	case DW_CFA_GNU_args_size:
		bytes_uleb(b);
		return true;
	case DW_CFA_set_loc:
		m->location = pointer(b, m->cie->pointer_encoding);
		return true;
	case DW_CFA_advance_loc1:
		m->location += bytes_u8(b) * m->cie->code_align;
		return true;
	case DW_CFA_advance_loc2:
		m->location += bytes_u16(b) * m->cie->code_align;
		return true;
	case DW_CFA_advance_loc4:
		m->location += bytes_u32(b) * m->cie->code_align;
		return true;
	case DW_CFA_remember_state:
		remember(m);
		return true;
	case DW_CFA_restore_state:
		recall(m);
		return true;
	case DW_CFA_def_cfa:
		reg = bytes_uleb(b);
		def_cfa(m, reg, (int64_t)bytes_uleb(b));
		return true;
	case DW_CFA_def_cfa_sf:
		reg = bytes_uleb(b);
		def_cfa(m, reg, scaled((uint64_t)bytes_sleb(b), align));
		return true;
	case DW_CFA_def_cfa_register:
		def_cfa(m, bytes_uleb(b), m->row->cfa_offset);
		return true;
	case DW_CFA_def_cfa_offset:
		m->row->cfa_offset = (int64_t)bytes_uleb(b);
		return true;
	case DW_CFA_def_cfa_offset_sf:
		m->row->cfa_offset = scaled((uint64_t)bytes_sleb(b), align);
		return true;
	case DW_CFA_def_cfa_expression:
		m->row->cfa_expr = bytes_block(b, &m->row->cfa_expr_len);
		return true;
	default:
		return false;
	}
}

/* Runs until the location passes pc or the code ends. */
static int run(struct machine *m, struct bytes b, uintptr_t pc)
{
	while (bytes_left(&b)) {
		uint8_t op = bytes_u8(&b);
		uint8_t low = op & 0x3f;

		switch (op >> 6) {
		case 1:
			m->location += low * m->cie->code_align;
			break;
		case 2:
			rule(m, low, CFI_OFFSET,
			     scaled(bytes_uleb(&b), m->cie->data_align));
			break;
		case 3:
			restore(m, low);
			break;
		default:
			if (!run_frame(m, op, &b) && !run_register(m, op, &b))
				return -EINVAL;
		}
		if (b.over || m->bad)
			return -EINVAL;
		if (m->location > pc)
			return 0;
		/* a step that lands exactly on pc belongs to pc's row: go on */
	}
	return 0;
}

int cfi_find(const struct module_view *module, uintptr_t pc, struct cfi_row *ret_row)
{
	struct machine m;
	struct fde fde;
	uintptr_t at;
	int ret;

	at = module->eh_frame_hdr == NULL ? 0 : fde_search(module, pc);
	if (at == 0)
		return -ENOENT;
	if (at < module->table_lo || at >= module->table_hi)
		return -EINVAL;
	ret = fde_parse(&fde, (const uint8_t *)at, module);
	if (ret < 0)
		return ret;
	if (pc < fde.start || pc >= fde.end)
		return -ENOENT;

	*ret_row = (struct cfi_row){ 0 };
	m.row = ret_row;
	m.initial = *ret_row;
	m.depth = 0;
	m.bad = false;
	m.cie = &fde.cie;
	m.location = fde.start;
	ret = run(&m, fde.cie.code, pc);
	if (ret < 0)
		return ret;
	m.initial = *m.row;
	m.location = fde.start;
	ret = run(&m, fde.code, pc);
	if (ret < 0)
		return ret;
	ret_row->signal_frame = fde.cie.signal_frame;
	return 0;
}

int cfi_find_return(const struct module_view *module, uintptr_t pc,
		    struct cfi_row *ret_row)
{
	int ret = cfi_find(module, pc - 1, ret_row);

	if (ret != -ENOENT)
		return ret;
	ret = cfi_find(module, pc, ret_row);
	if (ret == 0 && !ret_row->signal_frame)
		ret_row->reg[ARCH_REG_RA].how = CFI_UNDEFINED;
	return ret;
}

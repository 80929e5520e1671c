/*
 * os_modules_glibc - _dl_find_object: lock-free, async-signal-safe, made for
 * unwinders (glibc 2.35 and newer)
 *
 * For an object whose segments do not follow each other closely (a large
 * program linked at a fixed address) it reports the executable segment alone.
 * The whole of the program is known from its program headers; for any other
 * such object the unwind table is trusted to lie near its header.
 */
#include "preload/platform/os_modules.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <sys/auxv.h>

#define TABLE_NEAR ((uintptr_t)256 << 20)

/* The program's own range, from the headers that the kernel passed. */
static void program_range(uintptr_t bias, uintptr_t *ret_lo, uintptr_t *ret_hi)
{
	const ElfW(Phdr) *ph = (const void *)getauxval(AT_PHDR);
	unsigned long count = getauxval(AT_PHNUM);
	uintptr_t lo = UINTPTR_MAX, hi = 0;

	for (unsigned long i = 0; ph != NULL && i < count; i++) {
		uintptr_t start = bias + ph[i].p_vaddr;

		if (ph[i].p_type != PT_LOAD)
			continue;
		lo = start < lo ? start : lo;
		hi = start + ph[i].p_memsz > hi ? start + ph[i].p_memsz : hi;
	}
	if (hi != 0) {
		*ret_lo = lo & ~(uintptr_t)4095;
		*ret_hi = hi;
	}
}

static bool holds_table(const struct module_view *view)
{
	uintptr_t hdr = (uintptr_t)view->eh_frame_hdr;

	return hdr >= view->start && hdr < view->end;
}

bool os_module_is(uintptr_t pc, const void *identity, const void *eh_frame_hdr)
{
	struct dl_find_object found;

	return _dl_find_object((void *)pc, &found) == 0 &&
	       found.dlfo_link_map == identity && found.dlfo_eh_frame == eh_frame_hdr;
}

bool os_module_at(uintptr_t pc, struct module_view *ret_view)
{
	struct dl_find_object found;

	if (_dl_find_object((void *)pc, &found) != 0)
		return false;
	*ret_view = (struct module_view){
		.start = (uintptr_t)found.dlfo_map_start,
		.end = (uintptr_t)found.dlfo_map_end,
		.bias = found.dlfo_link_map->l_addr,
		.eh_frame_hdr = found.dlfo_eh_frame,
		.name = found.dlfo_link_map->l_name,
		.identity = found.dlfo_link_map,
	};
	if (!holds_table(ret_view) && *ret_view->name == '\0')
		program_range(ret_view->bias, &ret_view->start, &ret_view->end);
	ret_view->table_lo = ret_view->start;
	ret_view->table_hi = ret_view->end;
	if (!holds_table(ret_view)) {
		ret_view->table_lo = (uintptr_t)found.dlfo_eh_frame - TABLE_NEAR;
		ret_view->table_hi = (uintptr_t)found.dlfo_eh_frame + TABLE_NEAR;
	}
	return true;
}

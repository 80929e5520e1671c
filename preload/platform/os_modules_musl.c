/*
 * os_modules_musl - the loader's list of objects, as it shows it to debuggers
 *
 * musl has no _dl_find_object, but it never unloads an object: dlclose does nothing. So
 * its list, found through the program's DT_DEBUG, only grows at its end, and can be
 * walked without a lock. (A dlopen that fails takes its own objects off again; no stack
 * has a frame in those.) Ranges and unwind tables come from the program headers, which
 * every object has mapped.
 */
#include "preload/platform/os_modules.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

static const struct r_debug *debugger_view(void)
{
	const ElfW(Phdr) *ph = (const void *)getauxval(AT_PHDR);
	unsigned long count = getauxval(AT_PHNUM);
	const ElfW(Dyn) *dynamic = NULL;
	uintptr_t bias = 0;

	for (unsigned long i = 0; ph != NULL && i < count; i++)
		if (ph[i].p_type == PT_PHDR)
			bias = (uintptr_t)ph - ph[i].p_vaddr;
	for (unsigned long i = 0; ph != NULL && i < count; i++)
		if (ph[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(bias + ph[i].p_vaddr);
	for (; dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++)
		if (dynamic->d_tag == DT_DEBUG)
			return (const void *)dynamic->d_un.d_ptr;
	return NULL;
}

/* The first of the list is the program: the kernel passed its headers. */
static const ElfW(Phdr) *
	headers_of(const struct link_map *map, bool is_program, unsigned long *ret_count)
{
	const ElfW(Ehdr) *elf = (const void *)map->l_addr;

	if (is_program) {
		*ret_count = getauxval(AT_PHNUM);
		return (const void *)getauxval(AT_PHDR);
	}
	*ret_count = 0;
	if (map->l_addr == 0 || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0)
		return NULL;
	*ret_count = elf->e_phnum;
	return (const void *)(map->l_addr + elf->e_phoff);
}

static void describe(const struct link_map *map, bool is_program,
		     struct module_view *ret_view)
{
	unsigned long count;
	const ElfW(Phdr) *ph = headers_of(map, is_program, &count);
	uintptr_t lo = UINTPTR_MAX, hi = 0;

	*ret_view = (struct module_view){ .bias = map->l_addr,
					  .name = is_program ? "" : map->l_name,
					  .identity = map };
	for (unsigned long i = 0; i < count; i++) {
		uintptr_t at = map->l_addr + ph[i].p_vaddr;

		if (ph[i].p_type == PT_GNU_EH_FRAME)
			ret_view->eh_frame_hdr = (const void *)at;
		if (ph[i].p_type != PT_LOAD)
			continue;
		lo = at < lo ? at : lo;
		hi = at + ph[i].p_memsz > hi ? at + ph[i].p_memsz : hi;
	}
	ret_view->start = ret_view->table_lo = lo & ~(uintptr_t)4095;
	ret_view->end = ret_view->table_hi = hi;
}

bool os_module_at(uintptr_t pc, struct module_view *ret_view)
{
	const struct r_debug *debug = debugger_view();
	const struct link_map *map = debug == NULL ? NULL : debug->r_map;

	for (bool is_program = true; map != NULL; map = map->l_next, is_program = false) {
		describe(map, is_program, ret_view);
		if (pc >= ret_view->start && pc < ret_view->end)
			return true;
	}
	return false;
}

bool os_module_is(uintptr_t pc, const void *identity, const void *eh_frame_hdr)
{
	(void)pc, (void)identity, (void)eh_frame_hdr;
	return true;
}

/*
 * modules - the table of mapped objects, filled as stacks meet them
 *
 * Shape. A private index of MODULES_MAX entries, searched by a hash of the
 * object's start address, points at records in the segment. Objects that no
 * stack ever met are not recorded.
 *
 * Unloading. An index entry remembers the generation in which it was last
 * compared with the loader's view. In a newer generation the identity, range
 * and build-id are compared again; when they differ the old record is closed
 * (gen_last) and a new one is made, so that an address reused after dlclose is
 * never read with the wrong object's symbols. The same file back at the same place
 * gets its record back.
 *
 * Unloads that nobody announces. dlclose passes through us; the C library drops its
 * converters, and another namespace its objects, without it. Two looks find out:
 * a new object that overlaps a known one, and four times a second all known ones. No
 * object's memory is read for that, only the loader's answers are compared.
 *
 * Races. Two threads may record one object twice; that costs 512 bytes and
 * nothing else, because readers look objects up by record number.
 */
#include "preload/unwind/modules.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "preload/platform/os_linux.h"
#include "preload/platform/text.h"
#include "preload/process/identity.h"
#include "preload/process/process.h"
#include "preload/recent/recent.h"
#include "preload/segment/segment_writer.h"
#include "preload/unwind/rows.h"

#define CHECK_MS 256u
#define CLAIMED ((uintptr_t)1)
#define MODULES_MAX 4096u /* power of two; a module number fits 16 bits */

struct entry {
	uintptr_t start; /* 0: free; CLAIMED: being filled in; stored last */
	uintptr_t end;
	uintptr_t pc;         /* an address in its code */
	const void *identity; /* NULL: known to be gone */
	const void *eh_frame_hdr;
	uint32_t generation;
	uint32_t number;
};

static struct entry entries[MODULES_MAX];
static struct heapring_module *pages[MODULES_MAX / HR_MODULES_PER_PAGE];
uint32_t modules_now = 1;
static uint32_t unloading; /* unloads under way */
static uint32_t checked_ms;

uint32_t modules_generation_ordered(void)
{
	return __atomic_load_n(&modules_now, __ATOMIC_SEQ_CST);
}

bool modules_settled(void)
{
	return __atomic_load_n(&unloading, __ATOMIC_SEQ_CST) == 0;
}

static void next_generation(void)
{
	uint32_t now = __atomic_add_fetch(&modules_now, 1, __ATOMIC_SEQ_CST);

	recent_next_epoch();
	if (segment.header != NULL)
		__atomic_store_n(&segment.header->module_gen, now, __ATOMIC_RELAXED);
}

void modules_unload_begin(void)
{
	__atomic_add_fetch(&unloading, 1, __ATOMIC_SEQ_CST);
	next_generation();
	rows_flush();
}

void modules_unload_end(void)
{
	next_generation();
	/* 0: this is a child that the object's destructor made */
	if (!modules_settled())
		__atomic_sub_fetch(&unloading, 1, __ATOMIC_SEQ_CST);
}

/* An object is gone already. */
static void unloaded_unseen(void)
{
	next_generation();
	rows_flush();
}

/* NULL: free, being filled in, or known to be gone. */
static const void *identity_of(const struct entry *e)
{
	return __atomic_load_n(&e->start, __ATOMIC_ACQUIRE) <= CLAIMED
		       ? NULL
		       : __atomic_load_n(&e->identity, __ATOMIC_RELAXED);
}

void modules_check(uint32_t now_ms)
{
	uint32_t before = __atomic_load_n(&checked_ms, __ATOMIC_RELAXED);
	bool gone = false;

	/* relaxed: it only says whose turn it is */
	if (now_ms - before < CHECK_MS ||
	    !__atomic_compare_exchange_n(&checked_ms, &before, now_ms, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	for (struct entry *e = entries; e < entries + MODULES_MAX; e++) {
		const void *identity = identity_of(e);

		if (identity == NULL ||
		    os_module_is(__atomic_load_n(&e->pc, __ATOMIC_RELAXED), identity,
				 __atomic_load_n(&e->eh_frame_hdr, __ATOMIC_RELAXED)))
			continue;
		/* unless it was described anew meanwhile */
		gone |= __atomic_compare_exchange_n(&e->identity, &identity, NULL, false,
						    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	}
	if (gone)
		unloaded_unseen();
}

/* Does a new object lie where a known one was? */
static bool overlaps(const struct module_view *view)
{
	for (const struct entry *e = entries; e < entries + MODULES_MAX; e++) {
		const void *identity = identity_of(e);

		if (identity != NULL && identity != view->identity &&
		    __atomic_load_n(&e->start, __ATOMIC_RELAXED) < view->end &&
		    view->start < __atomic_load_n(&e->end, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

void modules_reset(void)
{
	unloading = 0; /* by a thread that the child does not have */
	memset(entries, 0, sizeof entries);
	memset(pages, 0, sizeof pages);
}

static struct heapring_module *record_at(uint32_t number)
{
	struct heapring_module *page = segment_table_page(
		(void **)pages, (number - 1) / HR_MODULES_PER_PAGE, HR_PAGE_MODULES);

	return page == NULL ? NULL : page + (number - 1) % HR_MODULES_PER_PAGE;
}

/* The program headers of an object whose first page is mapped at start. */
static const ElfW(Phdr) * program_headers(uintptr_t start, unsigned *ret_count)
{
	const ElfW(Ehdr) *elf = (const void *)start;

	*ret_count = 0;
	if (memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 || elf->e_phoff > 2048 ||
	    elf->e_phentsize != sizeof(ElfW(Phdr)))
		return NULL;
	*ret_count = elf->e_phnum;
	return (const void *)(start + elf->e_phoff);
}

static void read_notes(struct heapring_module *m, const char *at, const char *end)
{
	while (at + sizeof(ElfW(Nhdr)) <= end) {
		const ElfW(Nhdr) *note = (const void *)at;
		const char *name = at + sizeof *note;
		const char *desc = name + ((note->n_namesz + 3u) & ~3u);

		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    memcmp(name, "GNU", 4) == 0 && note->n_descsz <= sizeof m->build_id) {
			memcpy(m->build_id, desc, note->n_descsz);
			m->build_id_len = (uint8_t)note->n_descsz;
			return;
		}
		at = desc + ((note->n_descsz + 3u) & ~3u);
	}
}

static void read_build_id(struct heapring_module *m)
{
	unsigned count;
	const ElfW(Phdr) *ph = program_headers(m->start, &count);

	for (unsigned i = 0; i < count && m->build_id_len == 0; i++)
		if (ph[i].p_type == PT_NOTE)
			read_notes(
				m, (const char *)(m->bias + ph[i].p_vaddr),
				(const char *)(m->bias + ph[i].p_vaddr + ph[i].p_memsz));
}

/* The loader's name may be relative to the directory of that moment. What the kernel
 * maps is no file, whatever the loader calls it. */
static void write_path(struct heapring_module *m, const char *name)
{
	char full[1024];
	struct text text = text_into(full, sizeof full);
	size_t len;

	if (*name == '\0') {
		identity_exe(full, sizeof full);
		m->flags |= HR_MODULE_MAIN;
	} else if (m->start == getauxval(AT_SYSINFO_EHDR)) {
		text_str(&text, "[vdso]");
	} else {
		if (*name != '/' && !process_sandboxed() &&
		    os_getcwd(full, sizeof full / 2) > 0) {
			text.at += strlen(full);
			text_char(&text, '/');
		}
		text_str(&text, name);
	}
	len = strlen(full);
	if (len >= sizeof m->path) {
		m->flags |= HR_MODULE_PATH_CUT;
		memcpy(m->path, full + len - sizeof m->path + 1, sizeof m->path - 1);
	} else {
		memcpy(m->path, full, len);
	}
}

static bool path_ends(const char *path, const char *prefix)
{
	const char *slash = strrchr(path, '/');

	return strncmp(slash == NULL ? path : slash + 1, prefix, strlen(prefix)) == 0;
}

static void fill(struct heapring_module *m, const struct module_view *view)
{
	uintptr_t own = (uintptr_t)modules_find;

	m->start = view->start;
	m->end = view->end;
	m->bias = view->bias;
	m->gen_first = modules_generation();
	write_path(m, view->name);
	read_build_id(m);
	if (own >= view->start && own < view->end)
		m->flags |= HR_MODULE_SHIM;
	if (path_ends(m->path, "libc.so") || path_ends(m->path, "libc-") ||
	    path_ends(m->path, "ld-musl"))
		m->flags |= HR_MODULE_LIBC;
	if (segment.header->allocator[0] != '\0' &&
	    path_ends(m->path, segment.header->allocator))
		m->flags |= HR_MODULE_ALLOCATOR;
	__atomic_store_n(&m->ready, 1, __ATOMIC_RELEASE); /* S2 */
}

static bool same_build(const struct heapring_module *a, const struct heapring_module *b)
{
	return a->build_id_len == b->build_id_len &&
	       memcmp(a->build_id, b->build_id, sizeof a->build_id) == 0;
}

/*
 * The record of the same file at the same place, from before it was unloaded: a
 * program that swaps two plug-ins for ever needs two records, and the nodes of two.
 */
static uint32_t record_again(const struct module_view *view)
{
	struct heapring_module now = { .start = view->start, .bias = view->bias };
	uint32_t used = __atomic_load_n(&segment.header->modules_used, __ATOMIC_RELAXED);

	read_build_id(&now);
	if (modules_generation() == 1 || now.build_id_len == 0)
		return 0;
	for (uint32_t number = 1; number <= used && number <= MODULES_MAX; number++) {
		struct heapring_module *m = record_at(number);

		if (m != NULL && __atomic_load_n(&m->ready, __ATOMIC_ACQUIRE) != 0 &&
		    m->start == view->start && m->end == view->end &&
		    m->bias == view->bias && same_build(m, &now)) {
			__atomic_store_n(&m->gen_last, 0, __ATOMIC_RELAXED);
			return number;
		}
	}
	return 0;
}

static uint32_t record_new(const struct module_view *view)
{
	struct heapring_module *m;
	uint32_t number;

	if (overlaps(view))
		unloaded_unseen();
	number = record_again(view);
	if (number != 0)
		return number;
	number = __atomic_add_fetch(&segment.header->modules_used, 1, __ATOMIC_RELAXED);
	if (number > MODULES_MAX)
		return 0;
	m = record_at(number);
	if (m == NULL)
		return 0;
	fill(m, view);
	return number;
}

/* Is what the loader maps there now still what the record says? */
static bool unchanged(const struct entry *e, const struct module_view *view)
{
	const struct heapring_module *m =
		record_at(__atomic_load_n(&e->number, __ATOMIC_RELAXED));
	struct heapring_module now = { .start = view->start, .bias = view->bias };

	if (m == NULL || __atomic_load_n(&e->end, __ATOMIC_RELAXED) != view->end)
		return false;
	read_build_id(&now);
	if (!same_build(&now, m))
		return false;
	return now.build_id_len != 0 ||
	       __atomic_load_n(&e->identity, __ATOMIC_RELAXED) == view->identity;
}

/* generation last: a thread that finds it finds the rest. */
static void describe(struct entry *e, const struct module_view *view, uintptr_t pc,
		     uint32_t number)
{
	__atomic_store_n(&e->number, number, __ATOMIC_RELAXED);
	__atomic_store_n(&e->end, view->end, __ATOMIC_RELAXED);
	__atomic_store_n(&e->pc, pc, __ATOMIC_RELAXED);
	__atomic_store_n(&e->eh_frame_hdr, view->eh_frame_hdr, __ATOMIC_RELAXED);
	__atomic_store_n(&e->identity, view->identity, __ATOMIC_RELAXED);
	__atomic_store_n(&e->generation, modules_generation(), __ATOMIC_RELEASE);
}

static uint16_t refresh(struct entry *e, const struct module_view *view, uintptr_t pc)
{
	uint32_t seen = __atomic_load_n(&e->generation, __ATOMIC_ACQUIRE);
	uint32_t number = __atomic_load_n(&e->number, __ATOMIC_RELAXED);

	if (seen == modules_generation() &&
	    __atomic_load_n(&e->identity, __ATOMIC_RELAXED) == view->identity &&
	    __atomic_load_n(&e->end, __ATOMIC_RELAXED) == view->end)
		return (uint16_t)number;
	if (!unchanged(e, view)) {
		struct heapring_module *old = record_at(number);

		if (old != NULL)
			__atomic_store_n(&old->gen_last, seen, __ATOMIC_RELAXED);
		number = record_new(view);
	}
	describe(e, view, pc, number);
	return (uint16_t)number;
}

/* Whoever claims the entry fills it in; nobody else looks into it before. */
static uint16_t enter(struct entry *e, const struct module_view *view, uintptr_t pc)
{
	uintptr_t none = 0;
	uint32_t number;

	if (!__atomic_compare_exchange_n(&e->start, &none, CLAIMED, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return (uint16_t)record_new(view);
	number = record_new(view);
	describe(e, view, pc, number);
	/* release: a thread that finds start also finds the fields above */
	__atomic_store_n(&e->start, view->start, __ATOMIC_RELEASE);
	return (uint16_t)number;
}

uint16_t modules_find(uintptr_t pc, struct module_view *ret_view)
{
	struct module_view view;
	uint32_t at;

	if (!os_module_at(pc, &view))
		return 0;
	if (ret_view != NULL)
		*ret_view = view;
	if (segment.header == NULL)
		return 0;
	at = (uint32_t)((view.start >> 12) * 0x9e3779b1u) % MODULES_MAX;
	for (uint32_t probe = 0; probe < 64; probe++) {
		struct entry *e = &entries[(at + probe) % MODULES_MAX];
		uintptr_t start = __atomic_load_n(&e->start, __ATOMIC_ACQUIRE);

		if (start == view.start)
			return refresh(e, &view, pc);
		if (start == 0)
			return enter(e, &view, pc);
	}
	return 0;
}

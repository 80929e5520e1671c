/*
 * elf_facts - what one ELF file says about itself that matters to a profiler
 *
 * Program headers are asked first, since they are what counts at run time and no
 * strip removes them; sections tell of symbols. An allocator that was linked in
 * statically and stripped is known by its texts: each of them has messages of its
 * own in the program's constants.
 */
#include "analyzer/launch/elf_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <gelf.h>

#define DEBUG_FOLDER "/usr/lib/debug"

static void read_loader(Elf *elf, const GElf_Phdr *header, struct elf_facts *facts)
{
	size_t bytes = 0;
	const char *file = elf_rawfile(elf, &bytes);

	if (!file || header->p_offset >= bytes ||
	    header->p_filesz > bytes - header->p_offset)
		return;
	snprintf(facts->loader, sizeof(facts->loader), "%.*s", (int)header->p_filesz,
		 file + header->p_offset);
}

static void set_libc(struct elf_facts *facts, const char *name)
{
	if (strstr(name, "ld-musl") || strstr(name, "libc.musl") ||
	    strcmp(name, "libc.so") == 0)
		strcpy(facts->libc, "musl");
	else if (strstr(name, "ld-linux") || strcmp(name, "libc.so.6") == 0)
		strcpy(facts->libc, "glibc");
}

static void set_sanitizer(struct elf_facts *facts, const char *name)
{
	static const char *const libraries[] = {
		"libasan.so",       "libtsan.so",       "libhwasan.so",
		"libclang_rt.asan", "libclang_rt.tsan", "libclang_rt.hwasan"
	};

	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		if (strncmp(name, libraries[i], strlen(libraries[i])) == 0)
			snprintf(facts->sanitizer, sizeof(facts->sanitizer), "%s", name);
}

static void read_dynamic(Elf_Scn *section, const GElf_Shdr *header,
			 struct elf_facts *facts, Elf *elf)
{
	Elf_Data *data = elf_getdata(section, NULL);
	const char *name;
	GElf_Dyn entry;

	for (int i = 0; data && gelf_getdyn(data, i, &entry); i++) {
		if (entry.d_tag == DT_SYMBOLIC ||
		    (entry.d_tag == DT_FLAGS && entry.d_un.d_val & DF_SYMBOLIC))
			facts->symbolic = true;
		if (entry.d_tag == DT_FLAGS_1 && entry.d_un.d_val & DF_1_PIE)
			facts->is_pie = true;
		if (entry.d_tag != DT_NEEDED)
			continue;
		name = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
		if (name && !*facts->libc)
			set_libc(facts, name);
		if (name)
			set_sanitizer(facts, name);
	}
}

static void read_segments(Elf *elf, struct elf_facts *facts, bool *ret_dynamic)
{
	GElf_Phdr header;
	size_t count = 0;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &header))
			continue;
		if (header.p_type == PT_INTERP)
			read_loader(elf, &header, facts);
		if (header.p_type == PT_GNU_EH_FRAME)
			facts->has_cfi = true;
		if (header.p_type == PT_DYNAMIC)
			*ret_dynamic = true;
		if (header.p_type == PT_LOAD && header.p_flags & PF_X)
			facts->has_code = true;
	}
}

/* Of a hidden definition only a full symbol table tells. */
static void read_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			 struct elf_facts *facts)
{
	Elf_Data *data = elf_getdata(section, NULL);
	bool dynamic = header->sh_type == SHT_DYNSYM;
	enum elf_malloc found = ELF_MALLOC_NONE;
	GElf_Sym symbol;

	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);

		if (!name || strcmp(name, "malloc") != 0)
			continue;
		if (symbol.st_shndx == SHN_UNDEF)
			found = ELF_MALLOC_IMPORTED;
		else if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC)
			found = dynamic ? ELF_MALLOC_EXPORTED : ELF_MALLOC_HIDDEN;
	}
	if (found > facts->malloc && (dynamic || facts->malloc != ELF_MALLOC_EXPORTED))
		facts->malloc = found;
}

static const char *allocator_in(const Elf_Data *data)
{
	static const struct {
		const char *text, *name;
	} marks[] = {
		{ "<jemalloc>: ", "jemalloc" },
		{ "mimalloc: ", "mimalloc" },
		{ "tcmalloc: ", "tcmalloc" },
		{ "PartitionAlloc", "PartitionAlloc" },
	};

	for (size_t i = 0; data && data->d_buf && i < sizeof(marks) / sizeof(marks[0]);
	     i++)
		if (memmem(data->d_buf, data->d_size, marks[i].text,
			   strlen(marks[i].text)))
			return marks[i].name;
	return NULL;
}

static void read_debug_link(Elf_Scn *section, struct elf_facts *facts)
{
	Elf_Data *data = elf_rawdata(section, NULL);

	if (data && data->d_buf && memchr(data->d_buf, '\0', data->d_size))
		snprintf(facts->debug_link, sizeof(facts->debug_link), "%s",
			 (const char *)data->d_buf);
}

static void read_named(const char *name, Elf_Scn *section, struct elf_facts *facts)
{
	const char *allocator;

	if (strcmp(name, ".gnu_debugdata") == 0)
		facts->has_symbols = true;
	else if (strcmp(name, ".debug_line") == 0 || strcmp(name, ".zdebug_line") == 0)
		facts->has_lines = true;
	else if (strncmp(name, ".go.buildinfo", 13) == 0 ||
		 strcmp(name, ".note.go.buildid") == 0)
		facts->is_go = true;
	else if (strcmp(name, ".gnu_debuglink") == 0)
		read_debug_link(section, facts);
	else if (strncmp(name, ".rodata", 7) == 0 &&
		 (allocator = allocator_in(elf_rawdata(section, NULL))))
		facts->carries = allocator;
}

static void read_sections(Elf *elf, struct elf_facts *facts)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names = 0;

	elf_getshdrstrndx(elf, &names);
	while ((section = elf_nextscn(elf, section)) && gelf_getshdr(section, &header)) {
		const char *name = elf_strptr(elf, names, header.sh_name);

		if (header.sh_type == SHT_DYNAMIC)
			read_dynamic(section, &header, facts, elf);
		if (header.sh_type == SHT_SYMTAB)
			facts->has_symbols = true;
		if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)
			read_symbols(elf, section, &header, facts);
		if (name && header.sh_type != SHT_NOBITS)
			read_named(name, section, facts);
	}
}

static enum elf_kind_of_file kind_of(const struct elf_facts *facts, GElf_Half type,
				     bool dynamic)
{
	if (type != ET_EXEC && type != ET_DYN)
		return ELF_FACTS_OTHER;
	if (*facts->loader)
		return ELF_FACTS_DYNAMIC;
	if (type == ET_EXEC)
		return ELF_FACTS_STATIC;
	return facts->is_pie || !dynamic ? ELF_FACTS_STATIC_PIE : ELF_FACTS_LIBRARY;
}

static int read_elf(Elf *elf, struct elf_facts *facts)
{
	const void *id = NULL;
	bool dynamic = false;
	GElf_Ehdr header;
	ssize_t length;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return -EINVAL;
	facts->machine = header.e_machine;
	facts->is_64 = header.e_ident[EI_CLASS] == ELFCLASS64;
	read_segments(elf, facts, &dynamic);
	set_libc(facts, facts->loader);
	read_sections(elf, facts);
	facts->is_pie |= header.e_type == ET_DYN && *facts->loader;
	facts->kind = kind_of(facts, header.e_type, dynamic);
	length = dwelf_elf_gnu_build_id(elf, &id);
	if (length > 0 && length <= (ssize_t)sizeof(facts->build_id)) {
		memcpy(facts->build_id, id, (size_t)length);
		facts->build_id_len = (uint8_t)length;
	}
	return 0;
}

static int read_needed(Elf *elf, struct elf_facts *facts)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	if (!elf || elf_kind(elf) != ELF_K_ELF)
		return -EINVAL;
	while ((section = elf_nextscn(elf, section)) && gelf_getshdr(section, &header))
		if (header.sh_type == SHT_DYNAMIC)
			read_dynamic(section, &header, facts, elf);
	return 0;
}

static int read_file(const char *path, int (*read)(Elf *elf, struct elf_facts *facts),
		     struct elf_facts *ret_facts)
{
	struct elf_facts facts = { .carries = "" };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	Elf *elf;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	r = read(elf, &facts);
	elf_end(elf);
	close(fd);
	if (r == 0)
		*ret_facts = facts;
	return r;
}

int elf_facts_read(const char *path, struct elf_facts *ret_facts)
{
	return read_file(path, read_elf, ret_facts);
}

int elf_facts_read_needed(const char *path, struct elf_facts *ret_facts)
{
	return read_file(path, read_needed, ret_facts);
}

const char *elf_facts_machine(const struct elf_facts *facts)
{
	static char other[32];

	switch (facts->machine) {
	case EM_X86_64:
		return facts->is_64 ? "x86-64" : "x32";
	case EM_AARCH64:
		return "AArch64";
	case EM_386:
		return "i386";
	case EM_ARM:
		return "ARM";
	default:
		snprintf(other, sizeof(other), "machine %u", facts->machine);
		return other;
	}
}

bool elf_facts_debug_file(const struct elf_facts *facts, const char *path)
{
	char name[PATH_MAX + 256];
	int at;

	if (facts->build_id_len > 1) {
		at = snprintf(name, sizeof(name), DEBUG_FOLDER "/.build-id/%02x/",
			      facts->build_id[0]);
		for (unsigned i = 1; i < facts->build_id_len; i++)
			at += snprintf(name + at, sizeof(name) - (size_t)at, "%02x",
				       facts->build_id[i]);
		snprintf(name + at, sizeof(name) - (size_t)at, ".debug");
		if (access(name, R_OK) == 0)
			return true;
	}
	if (!*facts->debug_link || !strrchr(path, '/'))
		return false;
	snprintf(name, sizeof(name), DEBUG_FOLDER "%.*s/%s",
		 (int)(strrchr(path, '/') - path), path, facts->debug_link);
	return access(name, R_OK) == 0;
}

/*
 * elf_facts - what one ELF file says about itself that matters to a profiler
 *
 * Contract
 *   - only reads the file; nothing of it is run;
 *   - a file that is no ELF file, or a damaged one, is -EINVAL or another negative
 *     errno; what cannot be found out is false, 0 or "".
 */
#ifndef ANALYZER_LAUNCH_ELF_FACTS_H
#define ANALYZER_LAUNCH_ELF_FACTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum elf_kind_of_file {
	ELF_FACTS_DYNAMIC, /* has a loader */
	ELF_FACTS_STATIC,
	ELF_FACTS_STATIC_PIE,
	ELF_FACTS_LIBRARY,
	ELF_FACTS_OTHER, /* object file, core */
};

/* Where the file's code gets malloc from. */
enum elf_malloc {
	ELF_MALLOC_NONE,     /* does not mention it */
	ELF_MALLOC_IMPORTED, /* from whoever defines it first */
	ELF_MALLOC_EXPORTED, /* defines it for everybody */
	ELF_MALLOC_HIDDEN,   /* defines it for itself alone */
};

struct elf_facts {
	enum elf_kind_of_file kind;
	uint16_t machine; /* EM_* */
	bool is_64;
	bool is_pie;
	char loader[PATH_MAX]; /* PT_INTERP */
	char libc[32];         /* "glibc", "musl", "" unknown: by loader or DT_NEEDED */
	enum elf_malloc malloc;
	const char *carries; /* "jemalloc" ... when its texts are inside; "" none */
	char sanitizer[64]; /* library of one that it needs: the first it must be; "" none
			     */
	bool symbolic;      /* -Bsymbolic: uses its own malloc if it has one */
	bool has_cfi;       /* .eh_frame_hdr */
	bool has_code;
	bool has_symbols; /* .symtab or .gnu_debugdata */
	bool has_lines;   /* .debug_line */
	bool is_go;
	uint8_t build_id[32];
	uint8_t build_id_len;
	char debug_link[128]; /* .gnu_debuglink: name of the separate debug file */
};

int elf_facts_read(const char *path, struct elf_facts *ret_facts);

/* Only what the loader is told (libc, sanitizer, symbolic): at once, whatever the size.
 */
int elf_facts_read_needed(const char *path, struct elf_facts *ret_facts);

/* "x86-64", "AArch64", or "machine 123". */
const char *elf_facts_machine(const struct elf_facts *facts);

/* Is there a separate debug file under /usr/lib/debug? */
bool elf_facts_debug_file(const struct elf_facts *facts, const char *path);

#endif
